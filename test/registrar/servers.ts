/** Redis as Flexisip has it: real servers on free ports, with contacts in its format. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/postgres.ts'

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

const start = async (port: number, configuration: string, mode: readonly string[] = []) => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-redis-'))
  const file = join(folder, 'redis.conf')
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\n${configuration}\n`)
  const child = Bun.spawn(['redis-server', file, ...mode], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
  await eventually(() => isListening(port))
  return {
    port,
    stop: async () => {
      child.kill('SIGKILL')
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** `settings` are lines of `redis.conf`. */
export const startRedis = async (options: { port?: number; password?: string; settings?: string } = {}) => {
  const { port = await freePort(), password, settings = '' } = options
  const secret = password === undefined ? '' : `requirepass "${password}"\nmasterauth "${password}"`
  const server = await start(port, `save ""\nrepl-diskless-sync-delay 0\n${secret}\n${settings}`)
  const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`
  const url = `redis://${credentials}127.0.0.1:${port}`
  const client = new Bun.RedisClient(url)
  const send = (...[command = '', ...words]: string[]) => client.send(command, words)
  return {
    ...server,
    url,
    send,
    /** As the registrar would: the contact of one device of `user@domain`. */
    register: (address: string, uuid: string, more: Partial<Contact> = {}) =>
      send('HSET', `fs:${address}`, `"<${uuid}>"`, contact({ uuid, ...more })),
    stop: async () => {
      client.close()
      await server.stop()
    },
  }
}

export type RedisServer = Awaited<ReturnType<typeof startRedis>>

/** What is published on `channels` from now on, oldest first. */
export const listen = async (server: RedisServer, ...channels: string[]) => {
  const heard: [channel: string, message: string][] = []
  const client = new Bun.RedisClient(server.url)
  await client.connect()
  for (const channel of channels) await client.subscribe(channel, (message, from) => heard.push([from, message]))
  return { heard, stop: () => client.close() }
}

/** A real sentinel that watches `master` as `mymaster`. */
export const startSentinel = async (master: RedisServer, password = 'guide') => {
  const port = await freePort()
  const watching = [
    `requirepass ${password}`,
    `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds mymaster 300',
    'sentinel failover-timeout mymaster 2000',
  ]
  const server = await start(port, watching.join('\n'), ['--sentinel'])
  const client = new Bun.RedisClient(`redis://:${password}@127.0.0.1:${port}`)
  return {
    ...server,
    send: (...words: string[]) => client.send('SENTINEL', words),
    stop: async () => {
      client.close()
      await server.stop()
    },
  }
}

/** Takes connections and does with each what the test says. */
export const startServer = async (onConnection: (socket: Socket) => void) => {
  const sockets = new Set<Socket>()
  let accepted = 0
  const server = createServer((socket) => {
    accepted += 1
    sockets.add(socket)
    socket
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
      .resume()
    onConnection(socket)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port,
    accepted: () => accepted,
    open: () => sockets.size,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

interface Contact {
  readonly uuid: string
  readonly updatedAt: number
  readonly userAgent: string
  readonly expires: number | null
}

/** As Flexisip writes one. */
export const contact = (options: Partial<Contact> = {}): string => {
  const { uuid = 'urn:uuid:0f8c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20', updatedAt = 1_780_315_200 } = options
  const { userAgent = 'LinphoneAndroid/5.2.5 (Pixel 8) LinphoneSDK/5.3', expires = 3600 } = options
  const agent = encodeURIComponent(userAgent).replaceAll('(', '%28').replaceAll(')', '%29')
  const instance = `+sip.instance="<${uuid}>"`
  const path = encodeURIComponent('<sip:198.51.100.4:5059;transport=tls;lr>')
  const uri = `sip:alice@203.0.113.7:40112;transport=tls;callid=a1;fs-conn-id=8f;updatedAt=${updatedAt}`
  return `<${uri}?path=${path}&accept=application%2Fsdp&user-agent=${agent}>;${expires === null ? '' : `expires=${expires};`}${instance}`
}
