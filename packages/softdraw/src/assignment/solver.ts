/**
 * The exact solver behind `assignment.maximize`. Rows buy columns: at prices p, row i has the profit `w_ij - p_j` of
 * column j. An assignment has the largest sum once no row would rather have another column, and unsold columns cost
 * nothing.
 *
 * Two algorithms share the work. An auction sells most columns at exactly such prices (the augmenting row reduction of
 * Jonker, Volgenant 1987), and shortest augmenting paths sell the others (Crouse, "On Implementing 2D Rectangular
 * Assignment Algorithms", 2016). Where many rows want few columns, as with costs i * j, that auction sells next to
 * nothing, and every path visits every column. Then auctions that raise prices by more than they must come first
 * (Bertsekas 1988): they are inexact, but only the prices that they leave are used.
 */

/** Inexact auctions: each raises prices by an eighth of what the one before did. */
const AUCTIONS = 4;
const FINER = 8;

/** An auction ends after so many bids a row for columns that another had. */
const BIDS = 8;

interface Market {
  /** m rows of n weights; -Infinity forbids a pair. */
  readonly weights: ArrayLike<number>;
  readonly m: number;
  readonly n: number;
  /**
   * How far apart the numbers are; also what a bid exceeds the next best by at most, as there may be no other to buy.
   */
  readonly spread: number;
  readonly price: Float64Array;
  readonly profit: Float64Array;
  /** The column of a row and the row of a column, -1 for none. */
  readonly columnOf: Int32Array;
  readonly rowOf: Int32Array;
}

/**
 * The column of each row for the largest sum of weights, no column twice; of equal sums the same one each time.
 *
 * @param weights m rows of n >= m numbers or -Infinity, which forbids a pair
 * @param spread how far apart the numbers are
 * @param refuse called with a row that no assignment without forbidden pairs has room for
 */
export function assign(
  weights: ArrayLike<number>,
  m: number,
  n: number,
  spread: number,
  refuse: (row: number) => never,
) {
  const [price, profit] = [new Float64Array(n), new Float64Array(m)];
  const [columnOf, rowOf] = [new Int32Array(m), new Int32Array(n)];
  const market: Market = { weights, m, n, spread, price, profit, columnOf, rowOf };
  let left = auction(market, 0);
  // Many rows want few columns. In a square that is: elsewhere a column whose price was raised could be left over.
  if (m === n && left.length > m / 2) {
    for (const raise of raises(spread)) auction(market, raise);
    left = auction(market, 0);
  }
  for (const row of left) sellAlongPath(market, row, refuse);
  return columnOf;
}

/** Powers of two, so that prices of whole numbers are exact. */
function raises(spread: number): number[] {
  if (spread === 0) return [];
  const first = 2 ** Math.floor(Math.log2(spread));
  return Array.from({ length: AUCTIONS }, (_, i) => first / FINER ** (i + 1));
}

/**
 * Sells all columns anew at the prices of before. A row bids for the column of its largest profit, and raises its price
 * until the second best is as good, and by `raise` beyond. Who had the column bids again. Returns the rows left
 * without.
 */
function auction(market: Market, raise: number): number[] {
  const { m, spread, price, profit, columnOf, rowOf } = market;
  columnOf.fill(-1);
  rowOf.fill(-1);
  const bidders = Array.from({ length: m }, (_, i) => m - 1 - i);
  const left = [];
  for (let bids = BIDS * m; bidders.length > 0; ) {
    const row = bidders.pop()!;
    const { column, best, second } = bestColumn(market, row);
    const more = Math.min(best - second, spread) + raise;
    const other = rowOf[column] ?? -1;
    profit[row] = best;
    if (column < 0 || (other >= 0 && (more === 0 || bids-- <= 0))) {
      left.push(row);
      continue;
    }
    if (other >= 0) {
      columnOf[other] = -1;
      bidders.push(other);
    }
    price[column]! += more;
    profit[row]! -= more;
    columnOf[row] = column;
    rowOf[column] = row;
  }
  return left;
}

/**
 * The column of a row's largest profit, an unsold one of equals, -1 if all are forbidden; that profit and the second
 * largest.
 */
function bestColumn({ weights, n, price, rowOf }: Market, row: number) {
  let column = -1;
  let best = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let j = 0, at = row * n; j < n; j++, at++) {
    const value = weights[at]! - price[j]!;
    if (value < second || value === Number.NEGATIVE_INFINITY) continue;
    if (value > best) {
      second = best;
      best = value;
      column = j;
    } else {
      second = value;
      if (value === best && rowOf[j]! < 0 && rowOf[column]! >= 0) column = j;
    }
  }
  return { column, best, second };
}

/**
 * Gives a row a column where all others are content. The row takes another's, that one takes a third's and so on until
 * a free column: the chain that loses least, found as a shortest path (Dijkstra) over what each step of it loses.
 */
function sellAlongPath(market: Market, row: number, refuse: (row: number) => never): void {
  const { weights, n, price, profit, columnOf, rowOf } = market;
  const loss = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  const buyer = new Int32Array(n);
  // Columns whose loss is not final yet come first, `open` of them.
  const columns = Int32Array.from(loss, (_, j) => j);
  let [open, reached, next] = [n, 0, row];
  let column = -1;
  while (next >= 0) {
    let least = Number.POSITIVE_INFINITY;
    let place = -1;
    const start = reached + profit[next]!;
    for (let k = 0, offset = next * n; k < open; k++) {
      const j = columns[k]!;
      const through = start + price[j]! - weights[offset + j]!;
      let known = loss[j]!;
      if (through < known) {
        loss[j] = known = through;
        buyer[j] = next;
      }
      if (known < least || (known === least && rowOf[j]! < 0)) {
        least = known;
        place = k;
      }
    }
    if (least === Number.POSITIVE_INFINITY) refuse(row);
    reached = least;
    column = columns[place]!;
    columns[place] = columns[--open]!;
    columns[open] = column;
    next = rowOf[column]!;
  }
  profit[row]! -= reached;
  for (const j of columns.subarray(open + 1)) {
    price[j]! += reached - loss[j]!;
    profit[rowOf[j]!]! -= reached - loss[j]!;
  }
  for (let buying = -1; buying !== row; ) {
    buying = buyer[column]!;
    rowOf[column] = buying;
    [columnOf[buying], column] = [column, columnOf[buying]!];
  }
}
