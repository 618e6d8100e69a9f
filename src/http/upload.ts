import { once } from 'node:events'
import { Busboy, type BusboyFileStream, type BusboyHeaders } from '@fastify/busboy'
import { AppError, invalid } from '../errors.ts'
import { drain, refuseLargeBody } from './body.ts'

/** What a form may hold beside its file: boundaries, headers of parts, short fields. */
export const FORM_BYTES = 65_536

/** A file while it arrives. `name` is as the client says it: often a path on its own disk. */
export interface IncomingFile {
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
}

const LIMITS = { files: 1, fields: 20, parts: 21, fieldNameSize: 100, fieldSize: 1000, headerPairs: 20 }

const parserOf = (request: Request): Busboy | null => {
  const headers = { 'content-type': request.headers.get('content-type') ?? '' } as BusboyHeaders
  try {
    // The client's own words for the type and the encoding of the file have no say.
    return new Busboy({ headers, limits: LIMITS, preservePath: true, highWaterMark: 65_536, fileHwm: 65_536 })
  } catch {
    return null // no multipart form, or one without a boundary
  }
}

/**
 * Hands the part `file` of a multipart form (RFC 7578) to `take` while it arrives: whoever sends waits while `take` is
 * busy, and nothing of it is kept here. Resolves once the form has come to its end and `take` has, to whether there was
 * a file. Refuses a body of more than `most` bytes (413). Where `take` refuses, the rest is let pass first: over HTTP/2 a
 * reply that overtakes its request is lost.
 */
export const receiveFile = async (
  request: Request,
  most: number,
  take: (file: IncomingFile) => Promise<void>,
): Promise<boolean> => {
  refuseLargeBody(request, most)
  const parser = request.body === null ? null : parserOf(request)
  if (parser === null || request.body === null) return false
  let taken: Promise<unknown> | null = null
  let current: BusboyFileStream | null = null
  parser.on('file', (field: string, stream: BusboyFileStream, name: string) => {
    if (field !== 'file' || taken !== null) return void stream.resume()
    current = stream
    // Whoever refuses the file in the middle leaves it to us to let the rest pass.
    taken = take({ name: name ?? '', bytes: stream.iterator({ destroyOnReturn: false }) }).then(
      () => null,
      (error: unknown) => {
        stream.on('error', () => {}).resume()
        return error
      },
    )
  })
  const ended = once(parser, 'finish')
  ended.catch(() => {}) // it is waited for below
  try {
    await drain(request.body, most, (chunk) =>
      parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
        ? undefined
        : Promise.race([once(parser, 'drain'), ended]),
    )
    parser.end()
    await ended
  } catch (error) {
    // Whoever reads the file must not wait for what never comes.
    ;(current as BusboyFileStream | null)?.destroy(new Error('the form has ended'))
    parser.destroy()
    await taken
    throw error instanceof AppError ? error : invalid('file', 'v.incomplete')
  }
  const refused = await (taken as Promise<unknown> | null)
  if (refused !== null && refused !== undefined) throw refused
  return taken !== null
}
