import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { codeOf } from '../thrown.ts'
import type { Destination } from './destination.ts'
import { OutgoingFailure } from './failure.ts'

/** What is kept of an answer, for people who look for a mistake. */
const HEAD_BYTES = 1024
/** What is read of it, so that a talkative server is not cut off in the middle of a word. */
const MOST_BYTES = 65_536

/** RFC 9110 §15. */
const LEAST_STATUS = 100

export interface Answer {
  readonly status: number
  /** The first kB of the body as text without control characters; what was compressed stays so. */
  readonly head: string
}

/**
 * Posts over an open connection, which is of no use to anybody afterwards. Whoever has given a status has decided: a
 * body that breaks off, or goes on until `signal` ends it, is an answer.
 */
export const exchange = async (
  { authority, host, port, target }: Destination,
  connection: Socket,
  { headers, body, signal }: { headers: Readonly<Record<string, string>>; body: string; signal: AbortSignal },
): Promise<Answer> => {
  // Loaded by whoever sends: it costs memory and start-up time.
  const { request } = await import('node:http')
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const broken = (error: Error = new Error('the connection ended')) =>
    reject(new OutgoingFailure('broken', `${host}:${port} gave no answer: ${codeOf(error) ?? error.message}`))
  const sent = request({
    createConnection: () => connection,
    method: 'POST',
    host,
    path: target,
    headers: { ...headers, host: authority, 'content-length': Buffer.byteLength(body), connection: 'close' },
  })
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop)
  // Decides: what breaks or ends afterwards changes nothing.
  sent.on('response', (reply) => {
    const { statusCode: status = 0 } = reply
    if (status < LEAST_STATUS) return broken(new Error('no status'))
    resolve(beginning(reply, signal).then((head) => ({ status, head })))
  })
  sent.on('error', broken)
  sent.on('close', () => broken())
  sent.end(body)
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', stop)
    sent.destroy()
    connection.destroy()
  }
}

const beginning = (reply: IncomingMessage, signal: AbortSignal): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const pieces: Buffer[] = []
  let kept = 0
  let read = 0
  reply.on('data', (piece: Buffer) => {
    if (kept < HEAD_BYTES) pieces.push(piece.subarray(0, HEAD_BYTES - kept))
    kept = Math.min(HEAD_BYTES, kept + piece.length)
    read += piece.length
    if (read >= MOST_BYTES) resolve()
  })
  for (const end of ['end', 'error', 'aborted', 'close']) reply.on(end, () => resolve())
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.then(() => legible(Buffer.concat(pieces)))
}

/** No control characters: it is shown in terminals, and PostgreSQL stores no U+0000. */
const legible = (bytes: Buffer): string =>
  new TextDecoder()
    .decode(bytes, { stream: true })
    .replaceAll('\r\n', '\n')
    .replace(/[^\P{Cc}\t\n]/gu, '\uFFFD')
