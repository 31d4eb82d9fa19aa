import type { ModelsPatch } from '@ormolu/registry';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { described } from './support/described';
import { looseExtension, type LooseModels } from './support/loose';
import { anySaying, sayTo, smallBase } from './support/random-sayings';

/** Sayings that fit together one after the other, the last of which may break something. */
const script = fc.array(fc.record({ saying: anySaying, isBuilt: fc.boolean() }), { minLength: 1, maxLength: 16 }).map((steps) => {
  let models = smallBase();
  const fitting = steps.slice(0, -1).filter(({ saying }) => {
    const next = sayTo(models, saying);
    if (!isSound(next)) return false;
    models = next;
    return true;
  });
  return [...fitting, ...steps.slice(-1)];
});

test('law: for all scripts, what took over from versions before is as what is made anew', () => {
  fc.assert(fc.property(script, (steps) => {
    let models = smallBase();
    models.registry();
    for (const { saying, isBuilt } of steps) {
      models = sayTo(models, saying);
      if (isBuilt) described(models);
    }
    expect(described(models)).toEqual(described(steps.reduce((anew, { saying }) => sayTo(anew, saying), smallBase())));
  }), { numRuns: lawRuns(400) });
});

test('law: for all scripts, no version changes any more once it is there', () => {
  fc.assert(fc.property(script, (steps) => {
    let models = smallBase();
    const seen = [{ models, text: JSON.stringify(models.definition), seen: described(models) }];
    for (const { saying } of steps) {
      models = sayTo(models, saying);
      seen.push({ models, text: JSON.stringify(models.definition), seen: described(models) });
    }
    for (const version of seen) {
      expect(JSON.stringify(version.models.definition)).toBe(version.text);
      expect(described(version.models)).toEqual(version.seen);
      expect(isDeepFrozen(version.models.definition)).toBe(true);
    }
  }), { numRuns: lawRuns(150) });
});

test('law: for all modules and versions, a patch that went through JSON leads from a version to the newest one', () => {
  fc.assert(fc.property(fc.array(fc.array(anySaying, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }), fc.nat(), fc.boolean(), (modules, choice, isBuilt) => {
    const extensions = modules.map((sayings, place) => looseExtension(`module${String(place)}`, smallBase(), (models) => sayings.reduce(sayTo, models)));
    const join = (models: LooseModels, place: number): LooseModels => {
      const extension = extensions[place];
      // Modules that conflict are the business of another law: here each is said on its own, one after the other.
      return extension ? models.with({ ...extension, requires: [...extension.requires, ...extensions.slice(0, place).map(({ name }) => name)] }) : models;
    };
    const versions = [smallBase()];
    for (const place of extensions.keys()) versions.push(join(versions.at(-1) ?? smallBase(), place));
    const [newest, since] = [versions.at(-1) ?? smallBase(), choice % versions.length];
    if (described(newest) && !isSound(newest)) return;
    const patch = JSON.parse(JSON.stringify(newest.registry().patchesSince(versions[since]?.version ?? 0))) as ModelsPatch;

    // The other process has the same program, and has joined the modules as far as the version it is at.
    let here = smallBase();
    for (let place = 0; place < since; place += 1) here = join(here, place);
    if (isBuilt) described(here);
    const followed = here.patched(patch, extensions);
    expect(followed.definition).toEqual(newest.definition);
    expect(followed.version).toBe(newest.version);
    expect(described(followed)).toEqual(described(newest));
    expect(followed.registry().patchesSince(versions[since]?.version ?? 0)).toEqual(patch);
  }), { numRuns: lawRuns(300) });
});

function isSound(models: LooseModels): boolean {
  return !('problems' in (described(models) as object));
}

function isDeepFrozen(value: unknown): boolean {
  return typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isDeepFrozen));
}
