import { LogNames, updatedFields, type Schema } from '@ormolu/kernel';
import { literal, quoted } from '../statements/identifiers';
import type { RowsStatement } from '../statements/records';
import { reachedFrom, type Introduction } from './introduction';
import { MOST_ROWS } from './log-objects';

/** What a statement that answers ids is about to change. */
export interface LoggedWrite {
  readonly model: string;
  readonly rows: number;
  /** Null: records come or go. */
  readonly fields: readonly string[] | null;
  readonly isDelete: boolean;
}

/**
 * Lets a statement that answers ids write the change log as well, in place of triggers.
 *
 * What the database changes along with a deletion is logged by whole models, as its foreign keys have it; what triggers of others change is not.
 */
export function withLogRows(statement: RowsStatement, introduction: Introduction, schema: Schema, { model, rows, fields, isDelete }: LoggedWrite): RowsStatement {
  const { log } = introduction;
  if (log === undefined) return statement;
  const tag = new LogNames(schema).inLog({ model, ...fields && { fields: updatedFields(schema, model, fields) } });
  const name = literal(tag.model);
  const changed = tag.fields ? `array[${tag.fields.map(literal).join(', ')}]::text[]` : 'null::text[]';
  const one = '(select from written limit 1) w';
  const own = rows > MOST_ROWS ? `select ${name}, null::text, ${changed} from ${one}` : `select ${name}, written.id::text, ${changed} from written`;
  const others = (isDelete ? reachedFrom(introduction, tag.model) : []).map((table) => ` union all select ${literal(table)}, null, null from ${one}`);
  const id = quoted('id');
  return { ...statement, text: `with written(${id}) as (${statement.text}), logged as (insert into ${log} (model, id, fields) ${own}${others.join('')}) select ${id} from written` };
}
