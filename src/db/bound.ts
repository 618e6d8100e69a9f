import { Column, type GetColumnData, is, Param, Placeholder, type SQL, sql } from 'drizzle-orm'

/**
 * What a prepared query is given each time it runs, by name: the column that a value is compared with or written to,
 * whose type it has, or `Number` for what is no column's (a limit, an offset).
 */
export type Parameters = Readonly<Record<string, Column | NumberConstructor>>

/** The values themselves. `& {}`, here and below, has editors and errors show `{ id: number }` instead of columns. */
export type Values<P extends Parameters> = {
  [Name in keyof P]: P[Name] extends Column ? GetColumnData<P[Name]> : number
} & {}

/** What stands for them while the query is built. */
export type Bound<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Column ? SQL<GetColumnData<P[Name]>> : Placeholder<string, number>
} & {}

/** Written wherever a value may stand, each is put down as its column puts down values (a `Date` as milliseconds). */
export const bound = <P extends Parameters>(parameters: P): Bound<P> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, column]) => {
      const placeholder = sql.placeholder(name)
      return [name, is(column, Column) ? sql`${sql.param(placeholder, column)}` : placeholder]
    }),
  ) as Bound<P>

type Binder = (values: Readonly<Record<string, unknown>>) => unknown

const nameOf = (parameter: unknown): string | null => {
  if (is(parameter, Placeholder)) return parameter.name
  return is(parameter, Param) && is(parameter.value, Placeholder) ? parameter.value.name : null
}

const binder = (parameter: unknown): Binder => {
  const name = nameOf(parameter)
  if (name === null) return () => parameter
  if (is(parameter, Param) && parameter.encoder.mapToDriverValue !== Column.prototype.mapToDriverValue) {
    const { encoder } = parameter
    // drizzle's own filling hands null to the column, which a moment does not take.
    return (values) => (values[name] === null ? null : encoder.mapToDriverValue(values[name]))
  }
  return (values) => values[name]
}

/**
 * The parameters of a query that drizzle built, in their order, each as what makes of the values what the driver is given
 * for it. What is declared and not used is a mistake: a condition is missing.
 */
export const bindersOf = (query: string, parameters: Parameters, built: readonly unknown[]): Binder[] => {
  const used = new Set(built.map(nameOf))
  const unused = Object.keys(parameters).filter((name) => !used.has(name))
  if (unused.length > 0) throw new Error(`The query ${query} does not use: ${unused.join(', ')}.`)
  return built.map(binder)
}
