import { Column, getTableName, is, noopDecoder, SQL } from 'drizzle-orm'
import { bindersOf, type Parameters } from './bound.ts'

/** What drizzle knows about a query it has built; its own executor works this out again for every row. */
interface Built {
  readonly query: { readonly params: readonly unknown[] }
  readonly fields?: readonly { readonly path: readonly string[]; readonly field: unknown }[]
  readonly joinsNotNullableMap?: Readonly<Record<string, boolean>>
  readonly stmt: { values(...parameters: never[]): unknown[][] }
}

interface Decoder {
  mapFromDriverValue(value: unknown): unknown
}

const decoderOf = (field: unknown): Decoder => {
  if (is(field, Column)) return field
  if (is(field, SQL)) return (field as unknown as { decoder: Decoder }).decoder
  return (field as { sql: { decoder: Decoder } }).sql.decoder
}

/** The driver's value → ours; null where they are the same. */
type Decode = ((value: unknown) => unknown) | null

const decodeOf = (field: unknown): Decode => {
  const decoder = decoderOf(field)
  const isSame =
    decoder === noopDecoder ||
    decoder.mapFromDriverValue === (Column.prototype as unknown as Decoder).mapFromDriverValue
  return isSame ? null : (value) => (value === null ? null : decoder.mapFromDriverValue(value))
}

/** The members of one row; a group of columns of a joined table is null when all of them are. */
const rowReader = ({ fields = [], joinsNotNullableMap = {} }: Built): ((row: readonly unknown[]) => unknown) => {
  interface Member {
    readonly name: string
    readonly index: number
    readonly decode: Decode
  }
  const plain: Member[] = []
  const groups = new Map<string, { readonly optional: boolean; readonly members: Member[] }>()
  fields.forEach(({ path, field }, index) => {
    const [outer = '', inner] = path
    const member = { name: inner ?? outer, index, decode: decodeOf(field) }
    if (inner === undefined) {
      plain.push(member)
      return
    }
    const optional = is(field, Column) && joinsNotNullableMap[getTableName(field.table)] === false
    const group = groups.get(outer) ?? { optional, members: [] }
    group.members.push(member)
    groups.set(outer, group)
  })
  const nested = [...groups]
  const into = (target: Record<string, unknown>, members: readonly Member[], row: readonly unknown[]) => {
    for (const { name, index, decode } of members) target[name] = decode === null ? row[index] : decode(row[index])
    return target
  }
  return (row) => {
    const result = into({}, plain, row)
    for (const [outer, { optional, members }] of nested) {
      if (optional && members.every(({ index }) => row[index] === null)) {
        result[outer] = null
        continue
      }
      result[outer] = into({}, members, row)
    }
    return result
  }
}

/** Runs a query that drizzle built for bun:sqlite, with everything that does not depend on the values done once. */
export const compiled = <Row>(
  name: string,
  parameters: Parameters,
  prepared: unknown,
): ((values: Readonly<Record<string, unknown>>) => Row[]) => {
  const built = prepared as Built
  const binders = bindersOf(name, parameters, built.query.params)
  const read = rowReader(built)
  const { stmt } = built
  return (values) => {
    const given = binders.map((bind) => bind(values)) as never[]
    return stmt.values(...given).map(read) as Row[]
  }
}
