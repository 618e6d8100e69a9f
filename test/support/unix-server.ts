import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server on a UNIX stream socket that answers each line it hears as `answer` says; null: it says nothing. */
export const unixServer = (answer: (line: string) => string | null | 'close', path?: string) => {
  const folder = path === undefined ? mkdtempSync(join(tmpdir(), 'sipkeeper-unix-')) : null
  const place = path ?? join(folder ?? '', 'socket')
  const heard: string[] = []
  const open = new Set<Socket>()
  let server: Server | null = null
  const start = () =>
    new Promise<void>((resolve) => {
      server = createServer((socket) => {
        let text = ''
        open.add(socket)
        socket.on('close', () => open.delete(socket))
        socket.on('error', () => {})
        socket.setEncoding('utf8')
        socket.on('data', (part: string) => {
          text += part
          for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
            const line = text.slice(0, end)
            text = text.slice(end + 1)
            heard.push(line)
            const said = answer(line)
            if (said === 'close') socket.end()
            else if (said !== null) socket.write(said)
          }
        })
      }).listen(place, resolve)
    })
  const pause = async () => {
    for (const socket of open) socket.destroy()
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())))
    server = null
  }
  return {
    path: place,
    heard,
    start,
    /** As when Flexisip is restarted. */
    pause,
    stop: async () => {
      await pause()
      if (folder !== null) rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type UnixServer = ReturnType<typeof unixServer>
