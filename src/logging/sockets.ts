/**
 * The network as a place for lines: datagrams that nobody confirms, or a connection that is made again when it ends.
 */

import { lookup } from 'node:dns/promises'
import type { Output } from './output.ts'

/** What IPv4 leaves of 65,535 bytes. */
const LONGEST_DATAGRAM_BYTES = 65_507

/** A receiver reads some hundred kilobytes at a time and loses the rest: what has waited must not come all at once. */
const DATAGRAMS_AT_ONCE = 100
const BETWEEN_DATAGRAMS_MS = 2

/** How long a receiver may take to accept a connection, or to read on. */
const ANSWER_MS = 5_000

export interface Receiver {
  readonly host: string
  readonly port: number
}

export interface LocalSocket {
  readonly path: string
}

/** `onRefused` hears of the datagrams that came back; which they were nobody knows. */
export function datagrams({ host, port }: Receiver, onRefused: (error: unknown) => void): Output {
  let socket: Bun.udp.ConnectedSocket<'buffer'> | null = null
  let stale = false

  const close = () => {
    socket?.close()
    socket = null
  }

  const open = async () => {
    close()
    const { address, family } = await lookup(host)
    const error = (...details: readonly unknown[]) => {
      stale = true // the name may stand for another address by now
      // Documented with the socket in front, and called without it.
      onRefused(details.at(-1))
    }
    const hostname = family === 6 ? '::' : '0.0.0.0'
    const opened = await Bun.udpSocket({ hostname, connect: { hostname: address, port }, socket: { error } })
    opened.unref()
    stale = false
    socket = opened
    return opened
  }

  const sendFirst = (to: Bun.udp.ConnectedSocket<'buffer'>, lines: string[]) => {
    if (!to.send(datagram(lines[0] ?? ''))) throw new Error('the network takes no more')
    lines.shift()
  }

  return {
    keeps: true,
    async send(lines) {
      const to = socket === null || stale ? await open() : socket
      for (let sent = 1; lines.length > 0; sent += 1) {
        sendFirst(to, lines)
        if (sent % DATAGRAMS_AT_ONCE === 0) await Bun.sleep(BETWEEN_DATAGRAMS_MS)
      }
    },
    sendNow(lines) {
      if (socket === null) throw new Error('there is no socket yet')
      while (lines.length > 0) sendFirst(socket, lines)
    },
    reopen() {
      stale = true
    },
    close,
  }
}

/** As much of a line as one datagram holds, without half a character at its end. */
const datagram = (line: string): Uint8Array => {
  const bytes = Buffer.from(line)
  let end = Math.min(bytes.length, LONGEST_DATAGRAM_BYTES)
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end)
}

/** A line that has left half when the connection ends leaves again, whole, on the next one. */
export function connection(to: Receiver | LocalSocket, frame: (line: string) => Buffer): Output {
  let socket: Bun.Socket<undefined> | null = null
  let stale = false
  /** Called when the receiver has read on, or has gone. */
  let wake = () => {}

  const close = () => {
    socket?.end()
    socket = null
  }

  const open = async () => {
    close()
    const opening = connect(to, {
      data() {},
      drain: () => wake(),
      close(ended) {
        if (socket === ended) socket = null
        wake()
      },
      error() {}, // followed by `close`
    })
    const opened = await within(ANSWER_MS, opening).catch((error) => {
      opening.then(
        (late) => late.end(),
        () => {}, // said already
      )
      throw error
    })
    opened.unref()
    opened.setKeepAlive(true, 60_000)
    stale = false
    socket = opened
    return opened
  }

  const writeSome = (open: Bun.Socket<undefined>, bytes: Uint8Array): number => {
    const written = open.write(bytes)
    if (written < 0) throw new Error('the connection has ended')
    return written
  }

  return {
    keeps: true,
    async send(lines) {
      const receiver = socket === null || stale ? await open() : socket
      for (const line of lines.slice()) {
        for (let rest = frame(line); rest.length > 0; ) {
          rest = rest.subarray(writeSome(receiver, rest))
          if (rest.length > 0) await within(ANSWER_MS, new Promise<void>((resolve) => (wake = resolve)))
        }
        lines.shift()
      }
    },
    sendNow(lines) {
      if (socket === null) throw new Error('there is no connection')
      for (const line of lines.slice()) {
        const bytes = frame(line)
        if (writeSome(socket, bytes) < bytes.length) throw new Error('the receiver does not keep up')
        lines.shift()
      }
    },
    reopen() {
      stale = true
    },
    close,
  }
}

const connect = (to: Receiver | LocalSocket, socket: Bun.SocketHandler<undefined>) =>
  'path' in to ? Bun.connect({ unix: to.path, socket }) : Bun.connect({ hostname: to.host, port: to.port, socket })

/** Bun opens no datagram sockets of the file system, and a connection to one is refused. */
export const takesConnections = async (to: LocalSocket): Promise<boolean> => {
  try {
    const opened = await connect(to, { data() {} })
    opened.end()
    return true
  } catch {
    return false // which of the reasons it is helps nobody: they look alike from here
  }
}

const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms / 1000} s`)), ms)
  timer.unref()
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
