import { atLeast, atMost, bench, figureCase, growthCase, memoryCase, timeCase } from '../harness';

const COUNT = 10_000;

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index * 1.5);
}

function sumOfArray(count: number): () => number {
  const values = numbers(count);
  return () => {
    let sum = 0;
    for (let index = 0; index < count; index += 1) sum += values[index] ?? 0;
    return sum;
  };
}

function sumOfMap(count: number): () => number {
  const values = new Map(numbers(count).entries());
  return () => {
    let sum = 0;
    for (let index = 0; index < count; index += 1) sum += values.get(index) ?? 0;
    return sum;
  };
}

export default bench({
  title: 'Does the harness tell an array from a Map?',
  cases: [
    timeCase({ name: 'sum of 10,000 by index', target: atMost(0.5), operations: COUNT, clock: 'cpu', base: () => sumOfMap(COUNT), ours: () => sumOfArray(COUNT) }),
    timeCase({ name: 'the same as a speed', target: atLeast(2), operations: COUNT, clock: 'cpu', compare: 'speed', base: () => sumOfMap(COUNT), ours: () => sumOfArray(COUNT) }),
    growthCase({ name: 'cost of one sum by size', target: atMost(3), sizes: [100, 1_000, 10_000], operations: (size) => size, clock: 'cpu', ours: sumOfArray, base: sumOfMap }),
    memoryCase({ name: 'bytes a number', target: atMost(0.5), values: COUNT, base: () => new Map(numbers(COUNT).entries()), ours: () => numbers(COUNT) }),
    figureCase({ name: 'numbers in 10,000', target: atMost(COUNT), unit: 'numbers', measure: () => numbers(COUNT).length }),
  ],
});
