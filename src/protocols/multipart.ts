/** Multipart forms read while they arrive: RFC 7578, in the frame of RFC 2046 §5.1. */

/** Takes the pieces of a part, one after the other; a piece means nothing any more once its promise is settled. */
export type Sink = (piece: Uint8Array) => Promise<void>

export interface Part {
  readonly name: string
  /** As the sender writes it, often a path on its own disk; null: this is a field and no file. */
  readonly filename: string | null
}

/** What is no multipart form, or one that nobody sends in good faith. */
export class MalformedForm extends Error {
  override readonly name = 'MalformedForm'
}

const MOST_PARTS = 25
const LONGEST_HEAD = 8192
/** Blanks that a mail server may have put behind a boundary (RFC 2046 §5.1.1). */
const LONGEST_PADDING = 100
/** What is looked at in one go. */
const STRETCH = 65_536

const parameter = (text: string, name: string): string | null => {
  const found = new RegExp(`;[ \\t]*${name}[ \\t]*=[ \\t]*(?:"((?:\\\\"|[^"])*)"|([^;\\s"]+))`, 'i').exec(text)
  return found === null ? null : (found[1]?.replaceAll('\\"', '"') ?? found[2] ?? null)
}

/** Of a `Content-Type`, in quotes or without; null: it is that of no multipart form. */
export const boundaryOf = (contentType: string): string | null => {
  if (contentType.length > 1000 || !/^multipart\/form-data[ \t]*;/i.test(contentType)) return null
  const boundary = parameter(contentType, 'boundary')
  return boundary !== null && boundary.length > 0 && boundary.length <= 70 ? boundary : null
}

/** RFC 7578 §4.2; a part without it has no name. */
const partOf = (head: string): Part => {
  const line = head.split('\r\n').find((one) => /^content-disposition[ \t]*:/i.test(one)) ?? ''
  return {
    name: parameter(line, 'name') ?? '',
    filename: parameter(line, 'filename') ?? parameter(line, 'filename\\*'),
  }
}

/**
 * The memory of what was passed on is free at once. Left to the garbage collector, which comes when it likes, a form of
 * many megabytes would cost most of them.
 */
const free = ({ buffer, byteLength }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

const EMPTY = Buffer.alloc(0)

/**
 * Reads a form that is pushed piece by piece. `open` is told of each part and says where it goes; null: nowhere. Nothing
 * is kept but the end of a piece that may belong to a boundary or a head, and pieces that were pushed are given back.
 */
export const multipartReader = (boundary: string, open: (part: Part) => Sink | null) => {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The first boundary need not stand behind a line.
  let rest: Buffer = Buffer.from('\r\n')
  let state: 'between' | 'boundary' | 'head' | 'body' | 'end' = 'between'
  let sink: Sink | null = null
  let parts = 0

  /** Passes on what is certainly no boundary; resolves to where it went on from. */
  const skipTo = async (data: Buffer, from: number): Promise<number> => {
    const found = data.indexOf(delimiter, from)
    const end = found < 0 ? Math.max(from, data.length - delimiter.length + 1) : found
    if (end > from && sink !== null) await sink(data.subarray(from, end))
    if (found < 0) return end
    sink = null
    state = 'boundary'
    return found + delimiter.length
  }

  /** After a boundary comes a part, or the end. Undecided before there is enough of it. */
  const passBoundary = (data: Buffer, from: number): number => {
    if (data.length - from < 2) return from
    if (data.toString('latin1', from, from + 2) === '--') {
      state = 'end'
      return data.length
    }
    const end = data.indexOf('\r\n', from)
    const padding = data.toString('latin1', from, end < 0 ? data.length : end)
    if (!/^[ \t]*\r?$/.test(padding) || padding.length > LONGEST_PADDING) throw new MalformedForm('no boundary')
    if (end < 0) return from
    state = 'head'
    return end
  }

  const passHead = (data: Buffer, from: number): number => {
    const end = data.indexOf('\r\n\r\n', from)
    if ((end < 0 ? data.length : end) - from > LONGEST_HEAD) throw new MalformedForm('a long head')
    if (end < 0) return from
    parts += 1
    if (parts > MOST_PARTS) throw new MalformedForm('many parts')
    sink = open(partOf(data.toString('utf8', from + 2, end)))
    state = 'body'
    return end + 4
  }

  const step = (data: Buffer, from: number): number | Promise<number> => {
    if (state === 'boundary') return passBoundary(data, from)
    if (state === 'head') return passHead(data, from)
    return state === 'end' ? data.length : skipTo(data, from)
  }

  const read = async (piece: Uint8Array): Promise<void> => {
    const data = Buffer.concat([rest, piece])
    let at = 0
    for (;;) {
      const before = state
      at = await step(data, at)
      // Where it does not get into another state, it needs more.
      if (state === before) break
    }
    rest = at === data.length ? EMPTY : Buffer.from(data.subarray(at))
    free(data)
  }

  return {
    push: async (chunk: Uint8Array): Promise<void> => {
      for (let at = 0; at < chunk.length; at += STRETCH) await read(chunk.subarray(at, at + STRETCH))
      free(chunk)
    },
    /** The last boundary has come. */
    isComplete: (): boolean => state === 'end',
  }
}
