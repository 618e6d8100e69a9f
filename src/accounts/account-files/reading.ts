import { type Options, parse } from 'csv-parse'
import { turn } from '../../db/turn.ts'
import { type AppError, invalid } from '../../errors.ts'
import type { MessageId, MessageValues } from '../../messages/messages.ts'
import { codeOf } from '../../thrown.ts'
import { type Column, columnOf, ofCell, SECRET_COLUMNS } from './columns.ts'

/** A line of a file: what stands in its columns, blank ones left out. */
export interface Line {
  /** Where it begins, from 1 on; in JSON the number of the account. */
  readonly line: number
  readonly cells: Readonly<Partial<Record<Column, string>>>
  /** Of no known column. */
  readonly unknown: readonly string[]
  /** It has more or fewer cells than the head: what stands where is anybody's guess. */
  readonly isMisshapen: boolean
}

/** Takes the file while it arrives, and hands its lines on. */
export interface Reader {
  push(piece: Uint8Array): Promise<void>
  end(): Promise<void>
}

type Take = (lines: readonly Line[]) => Promise<void>

/** A line longer than this is none. */
const LONGEST_LINE = 65_536
/** Lines that are handed on together. */
const BATCH = 50
/** So much text is taken apart at a time: a millisecond. */
const PIECE = 16_384

/** The file as a whole is refused. */
export const refusedFile = (id: MessageId, values?: MessageValues): AppError => invalid('file', id, values)

/** Bytes as text, whatever Unicode they are in: a byte order mark tells UTF-16, all else is UTF-8. */
const decoder = () => {
  let decode: TextDecoder | null = null
  return (piece: Uint8Array | null): string => {
    if (decode === null && piece !== null) {
      const isUtf16 = piece[0] === 0xff && piece[1] === 0xfe
      decode = new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true })
    }
    try {
      return decode?.decode(piece ?? new Uint8Array(), { stream: piece !== null }) ?? ''
    } catch {
      throw refusedFile('import.encoding')
    }
  }
}

const known = (members: Iterable<readonly [string, string]>) => {
  const cells: Partial<Record<Column, string>> = {}
  const unknown: string[] = []
  for (const [head, text] of members) {
    const column = columnOf(head)
    if (column === null) unknown.push(head)
    else if (SECRET_COLUMNS.has(column)) {
      if (text !== '') cells[column] = text
    } else if (text.trim() !== '') cells[column] = text.trim()
  }
  return { cells, unknown }
}

/** The one that stands most often in the head. */
const delimiterOf = (head: string): string => {
  const often = (delimiter: string) => head.split(delimiter).length
  return [',', ';', '\t'].toSorted((a, b) => often(b) - often(a))[0] ?? ','
}

interface CsvRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

const headOf = (heads: readonly string[]) => {
  const columns = heads.map(columnOf)
  const twice = columns.find((column, at) => column !== null && columns.indexOf(column) !== at)
  if (twice !== undefined && twice !== null) throw refusedFile('import.column_twice', { column: twice })
  if (!columns.includes('username')) throw refusedFile('import.no_username')
  return heads.map((head) => head.trim())
}

const csvReader = (take: Take): { push(text: string): Promise<void>; end(): Promise<void> } => {
  let parser: ReturnType<typeof parse> | null = null
  let begun = ''
  let heads: readonly string[] | null = null
  let isFirst = true
  let failure: unknown = null
  /** The lines of records end with those of the record before. */
  let lastLine = 0

  const open = (text: string) => {
    const opened = parse({
      delimiter: delimiterOf(text.split(/\r?\n/, 1)[0] ?? ''),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      max_record_size: LONGEST_LINE,
      // All that a piece holds is taken before the next one is.
      readableHighWaterMark: 1_000_000,
    } as Options)
    opened.on('error', (error: unknown) => {
      failure = error
    })
    return opened
  }

  const lineOf = ({ record, info }: CsvRecord): Line => {
    const line = lastLine + 1
    lastLine = info.lines
    const columns = heads ?? []
    const { cells } = known(columns.map((head, at) => [head, record[at] ?? '']))
    const plain = Object.fromEntries(
      Object.entries(cells).map(([column, text]) => [
        column,
        SECRET_COLUMNS.has(column as Column) ? text : ofCell(text as string),
      ]),
    )
    const unknown = isFirst ? columns.filter((head) => columnOf(head) === null && head !== '') : []
    isFirst = false
    return { line, cells: plain, unknown, isMisshapen: record.length !== columns.length }
  }

  const drain = async (stream: ReturnType<typeof parse>): Promise<void> => {
    let lines: Line[] = []
    for (let found = stream.read(); found !== null; found = stream.read()) {
      const record = found as CsvRecord
      if (heads === null) {
        heads = headOf(record.record)
        lastLine = record.info.lines
        continue
      }
      lines.push(lineOf(record))
      if (lines.length === BATCH) {
        await take(lines)
        lines = []
      }
    }
    if (lines.length > 0) await take(lines)
  }

  const refuseBroken = () => {
    if (failure === null) return
    const { lines } = failure as { lines?: number }
    throw refusedFile(codeOf(failure) === 'CSV_MAX_RECORD_SIZE' ? 'import.long_line' : 'import.broken_line', {
      line: lines ?? lastLine + 1,
    })
  }

  const write = async (text: string): Promise<void> => {
    parser ??= open(text)
    const stream = parser
    await new Promise<void>((resolve) => stream.write(text, () => resolve()))
    refuseBroken()
    await drain(stream)
  }

  return {
    push: async (text) => {
      if (parser === null) {
        begun += text
        // The head tells how cells are told apart.
        if (!begun.includes('\n') && begun.length <= LONGEST_LINE) return
        text = begun
        begun = ''
      }
      await write(text)
    },
    end: async () => {
      if (parser === null && begun.trim() === '') throw refusedFile('import.empty')
      if (parser === null) await write(begun)
      const stream = parser as ReturnType<typeof parse> | null
      if (stream === null) return
      await new Promise<void>((resolve) => {
        stream.once('error', () => resolve())
        stream.once('end', () => resolve())
        stream.end()
        // What is left is taken by hand; the end comes once nothing is.
        setImmediate(() => resolve())
      })
      refuseBroken()
      await drain(stream)
      if (heads === null) throw refusedFile('import.empty')
    },
  }
}

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A text, a number, or several texts, which are lists. */
const textOf = (value: unknown): string | null => {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join('\n') : null
}

/** A list of objects, cut into them while it arrives: as one text it would be in memory as a whole. */
const jsonReader = (take: Take): { push(text: string): Promise<void>; end(): Promise<void> } => {
  let rest = ''
  let at = 0
  let depth = 0
  let start = -1
  let inText = false
  let isEscaped = false
  let isOpen = false
  let isClosed = false
  let count = 0

  const lineOf = (text: string): Line => {
    count += 1
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw refusedFile('import.broken_json', { line: count })
    }
    if (!isMembers(value)) throw refusedFile('import.broken_json', { line: count })
    const members = Object.entries(value).map(([name, member]) => [name, textOf(member)] as const)
    const { cells, unknown } = known(members.map(([name, text]) => [name, text ?? '']))
    return { line: count, cells, unknown, isMisshapen: members.some(([, text]) => text === null) }
  }

  /** Whether the character ends an object of the list. */
  const pass = (character: string): boolean => {
    if (inText) {
      if (isEscaped) isEscaped = false
      else if (character === '\\') isEscaped = true
      else if (character === '"') inText = false
      return false
    }
    if (character === '"' && depth > 1) inText = true
    else if (character === '[' || character === '{') {
      if (!isOpen && character !== '[') throw refusedFile('import.no_list')
      isOpen = true
      depth += 1
      if (depth === 2 && character === '{') start = at
      if (depth === 2 && character === '[') throw refusedFile('import.broken_json', { line: count + 1 })
    } else if (character === ']' || character === '}') {
      depth -= 1
      if (depth === 0) isClosed = true
      if (depth < 0) throw refusedFile('import.broken_json', { line: count + 1 })
      return depth === 1
    } else if (depth < 2 && !/[\s,]/.test(character)) {
      throw refusedFile(isOpen ? 'import.broken_json' : 'import.no_list', { line: count + 1 })
    }
    return false
  }

  return {
    push: async (text) => {
      rest += text
      let lines: Line[] = []
      for (; at < rest.length; at++) {
        if (!pass(rest[at] as string)) continue
        lines.push(lineOf(rest.slice(start, at + 1)))
        start = -1
        if (lines.length === BATCH) {
          await take(lines)
          lines = []
        }
      }
      if (lines.length > 0) await take(lines)
      // What was read is let go, but for the beginning of an object.
      const from = start < 0 ? rest.length : start
      rest = rest.slice(from)
      at -= from
      if (start >= 0) start = 0
      if (rest.length > LONGEST_LINE) throw refusedFile('import.long_line', { line: count + 1 })
    },
    end: async () => {
      if (!isOpen) throw refusedFile('import.empty')
      if (!isClosed || depth !== 0) throw refusedFile('import.broken_json', { line: count + 1 })
    },
  }
}

/** A file of accounts (behaviour/accounts.md §9): what begins with a bracket is JSON, all else CSV. */
export const fileReader = (take: Take): Reader => {
  const decode = decoder()
  let reader: ReturnType<typeof csvReader> | null = null
  const pass = async (text: string): Promise<void> => {
    if (text === '') return
    if (reader === null) {
      const first = text.trimStart()[0]
      if (first === undefined) return
      reader = first === '[' || first === '{' ? jsonReader(take) : csvReader(take)
    }
    for (let at = 0; at < text.length; at += PIECE) {
      await reader.push(text.slice(at, at + PIECE))
      await turn()
    }
  }
  return {
    push: (piece) => pass(decode(piece)),
    end: async () => {
      await pass(decode(null))
      if (reader === null) throw refusedFile('import.empty')
      await reader.end()
    },
  }
}
