/** The edges of a graph in which every two vertices are joined, in order: AB, AC, BC, AD and so on. */

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** Those of fewer vertices are the first of those of more. */
export function edgesOf(vertices: number): Edge[] {
  return Array.from({ length: vertices }, (_, to) =>
    Array.from({ length: to }, (_, from) => ({ from, to, name: `${vertexName(from)}${vertexName(to)}` })),
  ).flat();
}

export function vertexName(vertex: number): string {
  return "ABCDE"[vertex]!;
}

/** Numbers of edges as a symmetric matrix, with zeros on the diagonal. */
export function matrixOf(values: readonly number[], vertices: number): number[][] {
  const matrix = Array.from({ length: vertices }, () => new Array<number>(vertices).fill(0));
  edgesOf(vertices).forEach(({ from, to }, i) => {
    matrix[from]![to] = values[i]!;
    matrix[to]![from] = values[i]!;
  });
  return matrix;
}

/** The numbers of the edges in a symmetric matrix, row by row. */
export function edgeValues(matrix: ArrayLike<number>, vertices: number): number[] {
  return edgesOf(vertices).map(({ from, to }) => matrix[from * vertices + to]!);
}
