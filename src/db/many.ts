import type { Column, SQL } from 'drizzle-orm'
import type { Bound, Parameters, Values } from './bound.ts'
import type { Build, Db, Reader, Tables, Tx } from './db.ts'
import { turn } from './turn.ts'

/** Rows of one statement: some hundred microseconds. Between two of them others may read. */
const SIZE = 25

type Table = Tables[keyof Tables]

/**
 * Inserts many rows with a statement that is built once, some dozens at a time; `columns` are those that are given. Resolves
 * to what `returning` selects of the rows that were stored: fewer than were given where something was in the way.
 */
export const insertMany = <P extends Readonly<Record<string, Column>>, R extends Readonly<Record<string, Column>>>(
  db: Db,
  name: string,
  table: Table,
  columns: P,
  returning: R,
) => {
  const build = (size: number) => {
    const parameters = Object.fromEntries(
      Array.from({ length: size }, (_, at) =>
        Object.entries(columns).map(([key, column]) => [`${key}_${at}`, column] as const),
      ).flat(),
    )
    return db.prepare(`${name}_${size}`, parameters as Parameters, (on, bound: Bound<Parameters>) => {
      const rows = Array.from({ length: size }, (_, at) =>
        Object.fromEntries(Object.keys(columns).map((key) => [key, bound[`${key}_${at}`]])),
      )
      return on
        .insert(table)
        .values(rows as never)
        .onConflictDoNothing()
        .returning(returning as never) as never
    })
  }
  const [one, several] = [build(1), build(SIZE)]
  const names = Object.keys(columns)
  const keys = Array.from({ length: SIZE }, (_, at) => names.map((key) => `${key}_${at}`))
  const given = (rows: readonly Values<P>[], from: number, size: number) => {
    const values: Record<string, unknown> = {}
    for (let at = 0; at < size; at++) {
      const row = rows[from + at] as Readonly<Record<string, unknown>>
      for (const [index, key] of (keys[at] ?? []).entries()) values[key] = row[names[index] ?? '']
    }
    return values
  }

  return async (tx: Tx, rows: readonly Values<P>[]): Promise<Values<R>[]> => {
    const stored: Values<R>[] = []
    for (let at = 0; at < rows.length; ) {
      const size = rows.length - at < SIZE ? 1 : SIZE
      const run = size === 1 ? one : several
      stored.push(...((await run(tx, given(rows, at, size) as never)) as Values<R>[]))
      at += size
      if (size === SIZE) await turn()
    }
    return stored
  }
}

/**
 * Looks for many values with a query that is built once: `build` is handed what stands for them, some dozens. Resolves to
 * what it finds of any of them.
 */
export const findMany = <P extends Parameters, Row>(
  db: Db,
  name: string,
  column: Column,
  parameters: P,
  build: (on: Reader, values: readonly SQL[], bound: Bound<P>) => ReturnType<Build<Parameters, Row>>,
) => {
  const keys = Array.from({ length: SIZE }, (_, at) => `value_${at}`)
  const wanted = { ...parameters, ...Object.fromEntries(keys.map((key) => [key, column])) } as Parameters
  const run = db.prepare(name, wanted, (on, bound) =>
    build(
      on,
      keys.map((key) => bound[key] as unknown as SQL),
      bound as unknown as Bound<P>,
    ),
  )
  return async (on: Reader, values: readonly string[], given: Values<P>): Promise<Row[]> => {
    const found: Row[] = []
    for (let from = 0; from < values.length; from += SIZE) {
      const last = values[Math.min(values.length, from + SIZE) - 1] ?? ''
      const one: Record<string, unknown> = { ...given }
      for (const [at, key] of keys.entries()) one[key] = values[from + at] ?? last
      found.push(...(await run(on, one as never)))
    }
    return found
  }
}
