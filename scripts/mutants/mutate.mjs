// Makes deliberately broken copies of a TypeScript file, one change each.
import { createRequire } from 'node:module';

const ts = createRequire(import.meta.url)('typescript');

const SWAPS = {
  '===': ['!=='], '!==': ['==='], '<': ['<=', '>='], '>': ['>=', '<='], '<=': ['<'], '>=': ['>'],
  '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '%': ['*'], '&&': ['||'], '||': ['&&'], '+=': ['-='], '-=': ['+='],
};

/**
 * Every mutant of a file: `{ start, end, text, what, line, code }`, to be put in place of the characters from start to end.
 * Types, imports, and the texts of messages are left alone.
 */
export function mutantsOf(fileName, source) {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, true);
  const mutants = [];
  const lines = source.split('\n');
  const add = (node, text, what) => {
    const start = node.getStart(file);
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    mutants.push({ start, end: node.getEnd(), text, what, line, code: lines[line - 1].trim() });
  };
  const condition = (node) => {
    add(node, 'true', 'condition → true');
    add(node, 'false', 'condition → false');
  };
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isThrowStatement(node)) return; // that it is thrown is its condition's affair; what it says is text
    if (ts.isIfStatement(node)) condition(node.expression);
    if (ts.isConditionalExpression(node)) condition(node.condition);
    if (ts.isBinaryExpression(node)) {
      const operator = node.operatorToken.getText(file);
      for (const other of SWAPS[operator] ?? []) add(node.operatorToken, other, `${operator} → ${other}`);
      if (operator === '??' ) add(node, node.left.getText(file), 'drop the fallback of ??');
    }
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) add(node, node.operand.getText(file), 'drop !');
    if (ts.isNumericLiteral(node)) add(node, `(${node.text} + 1)`, `${node.text} + 1`);
    if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false', 'true → false');
    if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true', 'false → true');
    if (ts.isExpressionStatement(node)) add(node, ';', 'drop the statement');
    if (ts.isBreakStatement(node) || ts.isContinueStatement(node)) add(node, ';', 'drop the jump');
    if (ts.isReturnStatement(node)) {
      if (node.expression === undefined) add(node, ';', 'drop the return');
      else if (node.expression.getText(file) !== 'undefined') add(node, 'return undefined;', 'return nothing');
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return mutants;
}
