import { AppError, invalid } from '../errors.ts'
import { boundaryOf, multipartReader, type Sink } from '../protocols/multipart.ts'
import { drain, refuseLargeBody } from './body.ts'

/** What a form may hold beside its file: boundaries, heads of parts, fields. */
export const FORM_BYTES = 65_536

/** Passes on to `take` until it refuses; then lets the rest pass, and remembers why. */
const untilRefused = (take: Sink) => {
  let refused: { readonly why: unknown } | null = null
  return {
    sink: async (piece: Uint8Array): Promise<void> => {
      if (refused !== null) return
      try {
        await take(piece)
      } catch (error) {
        refused = { why: error }
      }
    },
    throwRefusal: (): void => {
      if (refused !== null) throw refused.why
    },
  }
}

/** The fields of a form that stand before its file, by name. */
export type Fields = ReadonlyMap<string, string>

const LONGEST_FIELD = 4096
const MOST_FIELDS = 20

/** What a form with a file is like, where it is not as usual. */
export interface FileForm {
  /** The part that is the file; `file` by default. */
  readonly part?: string
  /** Characters of a field: what is longer is cut there. */
  readonly longest?: number
}

const fieldOf = (name: string, fields: Map<string, string>, longest: number): Sink | null => {
  if (fields.size >= MOST_FIELDS || fields.has(name)) return null
  const decoder = new TextDecoder()
  fields.set(name, '')
  return async (piece) => {
    const text = (fields.get(name) ?? '') + decoder.decode(piece, { stream: true })
    fields.set(name, text.slice(0, longest))
  }
}

/** What refuses to begin refuses its first piece. */
const sinkOf = (begin: () => Sink): Sink => {
  try {
    return begin()
  } catch (why) {
    return () => Promise.reject(why)
  }
}

/**
 * Hands the file of a multipart form, which `begin` is told the name of, to `take` while it arrives: whoever sends
 * waits meanwhile, and nothing of it is kept here. The name is as the client says it, often a path on its own disk.
 * Resolves once the form has come to its end, to whether there was a file. Refuses a body of more than `most` bytes (413)
 * and a form that breaks off (422). Where `take` refuses, the rest is let pass first: over HTTP/2 a reply that overtakes
 * its request is lost. `fields` is given what the form says beside its file.
 */
export const receiveFile = async (
  request: Request,
  most: number,
  begin: (name: string, fields: Fields) => Sink,
  fields: Map<string, string> = new Map(),
  { part = 'file', longest = LONGEST_FIELD }: FileForm = {},
): Promise<boolean> => {
  refuseLargeBody(request, most)
  const boundary = boundaryOf(request.headers.get('content-type') ?? '')
  if (boundary === null || request.body === null) return false
  let file: ReturnType<typeof untilRefused> | null = null
  const form = multipartReader(boundary, ({ name, filename }) => {
    if (filename === null) return fieldOf(name, fields, longest)
    if (name !== part || file !== null) return null
    file = untilRefused(sinkOf(() => begin(filename, fields)))
    return file.sink
  })
  try {
    await drain(request.body, most, form.push)
  } catch (error) {
    // A form that is none, or a client that has gone.
    throw error instanceof AppError ? error : invalid(part, 'v.incomplete')
  }
  const received = file as ReturnType<typeof untilRefused> | null
  received?.throwRefusal()
  if (!form.isComplete()) throw invalid(part, 'v.incomplete')
  return received !== null
}
