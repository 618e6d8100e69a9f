/** A query on its way, of drizzle or prepared: a promise of rows. */
type Query<Row> = PromiseLike<readonly Row[]>

/** The first row; null: there is none. */
export const first = async <Row>(query: Query<Row>): Promise<Row | null> => (await query)[0] ?? null

/** Whether there is a row: one that was found, or that a write with `returning` has written. */
export const exists = async (query: Query<unknown>): Promise<boolean> => (await query).length > 0

/** The row of a query that always has one: a count, an insert that nothing can be in the way of. Rejects without it. */
export const only = async <Row>(query: Query<Row>): Promise<Row> => {
  const row = (await query)[0]
  if (row === undefined) throw new Error('A query that always has a row had none.')
  return row
}
