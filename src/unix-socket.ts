import { createConnection } from 'node:net'

/** More than any answer has. */
const LONGEST_ANSWER = 65_536

/**
 * Says one line to the server on a UNIX stream socket, on a connection of its own, and resolves to what it answers: as
 * much as `isWhole` wants, or what there was when the server closed, which may be nothing. Rejects when nobody listens,
 * when the connection breaks, or after `limitMs`. The line must hold no line break.
 */
export const askSocket = (
  path: string,
  line: string,
  { limitMs, isWhole }: { readonly limitMs: number; readonly isWhole: (answer: string) => boolean },
): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = createConnection({ path })
  const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs)
  let answer = ''
  socket.setEncoding('utf8')
  socket.on('connect', () => socket.write(`${line}\n`))
  socket.on('data', (part: string) => {
    answer += part
    if (isWhole(answer) || answer.length > LONGEST_ANSWER) resolve(answer)
  })
  socket.on('error', reject)
  socket.on('close', () => resolve(answer))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

/** Whether somebody listens there: rejects where nobody does. Nothing is said. */
export const reachSocket = (path: string): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = createConnection({ path })
  socket.on('connect', () => resolve()).on('error', reject)
  return promise.finally(() => socket.destroy())
}
