/**
 * Label selectors: `app=spark,tier in (a,b),!legacy` (K-200 to K-202), parsed once and asked many times.
 *
 * Error texts follow the parser that clients know; where they are shown is the caller's business.
 */
import { labelValueFaults, qualifiedNameFaults } from './names.ts';

export type Labels = Readonly<Record<string, string>>;

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';

/** One condition. `In` and `NotIn` have sorted values, `Gt` and `Lt` exactly one integer. */
export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** The empty list of requirements selects everything. */
export type LabelSelector = readonly Requirement[];

export const everything: LabelSelector = [];

export const selects = (selector: LabelSelector, labels: Labels | undefined): boolean => {
  for (const requirement of selector) if (!holds(requirement, labels)) return false;
  return true;
};

const holds = ({ key, operator, values }: Requirement, labels: Labels | undefined): boolean => {
  const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    default: {
      if (value === undefined || !isInteger.test(value)) return false;
      const [found, bound] = [BigInt(value), BigInt(values[0]!)];
      return operator === 'Gt' ? found > bound : found < bound;
    }
  }
};

/** The selector `a=1,b=2` that asks for exactly these labels. */
export const exactly = (labels: Labels): LabelSelector =>
  Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));

/** The `matchLabels`/`matchExpressions` form that objects carry (apimachinery's LabelSelector). */
export interface StructuredSelector {
  matchLabels?: Labels;
  matchExpressions?: readonly { key: string; operator: Operator; values?: readonly string[] }[];
}

export const fromStructured = ({ matchLabels = {}, matchExpressions = [] }: StructuredSelector): LabelSelector => [
  ...exactly(matchLabels),
  ...matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values })),
];

const isInteger = /^[-+]?\d+$/;

type Kind = 'identifier' | '!' | '=' | '==' | '!=' | '<' | '>' | '(' | ')' | ',' | 'end';
interface Token {
  kind: Kind;
  text: string;
}

const symbols = '()=!<>,';
const kinds = new Set<string>(['!', '=', '==', '!=', '<', '>', '(', ')', ',']);

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const start = at;
    if (isBlank(text[at]!)) {
      at += 1;
      continue;
    }
    const symbolic = symbols.includes(text[at]!);
    if (symbolic) {
      at += 1;
      while (at < text.length && kinds.has(text.slice(start, at + 1))) at += 1;
    } else {
      while (at < text.length && !symbols.includes(text[at]!) && !isBlank(text[at]!)) at += 1;
    }
    const lexeme = text.slice(start, at);
    found.push({ kind: symbolic ? (lexeme as Kind) : 'identifier', text: lexeme });
  }
  found.push({ kind: 'end', text: '' });
  return found;
}

const isBlank = (letter: string): boolean => letter === ' ' || letter === '\t' || letter === '\r' || letter === '\n';

const refusal = (found: Token, expected: string): Error => new Error(`found '${found.text}', expected: ${expected}`);

/** @throws Error in the words of K-202, when `text` is not a selector */
export function parseLabelSelector(text: string): LabelSelector {
  const queue = tokens(text);
  const peek = (): Token => queue[0]!;
  const take = (): Token => (queue.length > 1 ? queue.shift()! : queue[0]!);

  const requirement = (): Requirement => {
    const negated = peek().kind === '!';
    if (negated) take();
    const key = take();
    if (key.kind !== 'identifier') throw refusal(key, 'identifier');
    const faults = qualifiedNameFaults(key.text);
    if (faults.length) throw new Error(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${faults.join('; ')}`);
    if (negated) return { key: key.text, operator: 'DoesNotExist', values: [] };
    if (peek().kind === 'end' || peek().kind === ',') return { key: key.text, operator: 'Exists', values: [] };
    const operator = operatorOf(take());
    const values = operator.many ? list() : [exact()];
    return checked({ key: key.text, operator: operator.name, values: [...new Set(values)].sort() });
  };

  const exact = (): string => {
    if (peek().kind === 'end' || peek().kind === ',') return '';
    const value = take();
    if (value.kind !== 'identifier') throw refusal(value, 'identifier');
    return value.text;
  };

  const list = (): string[] => {
    const open = take();
    if (open.kind !== '(') throw new Error(`found '${open.text}' expected: '('`);
    const values: string[] = [];
    let awaiting = true;
    for (;;) {
      const token = take();
      if (token.kind === ')') return awaiting ? [...values, ''] : values;
      if (token.kind === ',') {
        if (awaiting) values.push('');
        awaiting = true;
      } else if (token.kind === 'identifier' && awaiting) {
        values.push(token.text);
        awaiting = false;
      } else throw refusal(token, awaiting ? "',', ')' or identifier" : "',' or ')'");
    }
  };

  const selector: Requirement[] = [];
  if (peek().kind === 'end') return selector;
  if (peek().kind !== 'identifier' && peek().kind !== '!') throw refusal(peek(), "!, identifier, or 'end of string'");
  for (;;) {
    try {
      selector.push(requirement());
    } catch (error) {
      throw new Error(`unable to parse requirement: ${(error as Error).message}`);
    }
    const next = take();
    if (next.kind === 'end') return selector;
    if (next.kind !== ',') throw refusal(next, "',' or 'end of string'");
    if (peek().kind !== 'identifier' && peek().kind !== '!') throw refusal(peek(), "identifier after ','");
  }
}

const operatorOf = (token: Token): { name: Operator; many: boolean } => {
  switch (token.kind === 'identifier' ? token.text : token.kind) {
    case 'in':
      return { name: 'In', many: true };
    case 'notin':
      return { name: 'NotIn', many: true };
    case '=':
    case '==':
      return { name: 'In', many: false };
    case '!=':
      return { name: 'NotIn', many: false };
    case 'gt':
    case '>':
      return { name: 'Gt', many: false };
    case 'lt':
    case '<':
      return { name: 'Lt', many: false };
    default:
      throw refusal(token, 'in, notin, =, ==, !=, gt, lt');
  }
};

const checked = (requirement: Requirement): Requirement => {
  const { key, operator, values } = requirement;
  if ((operator === 'Gt' || operator === 'Lt') && !isInteger.test(values[0] ?? ''))
    throw new Error(`values[0]: Invalid value: "${values[0]}": for 'Gt', 'Lt' operators, the value must be an integer`);
  values.forEach((value, i) => {
    const faults = labelValueFaults(value);
    if (faults.length)
      throw new Error(`values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${faults.join('; ')}`);
  });
  return requirement;
};
