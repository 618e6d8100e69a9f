import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/config.ts'
import { logging, unusableTarget } from '../../src/logging/logging.ts'
import { lineTarget, type Place } from '../../src/logging/target.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/postgres.ts'

// Lines that leave the machine, to receivers that are there, that come later, and that never answer.

const now = () => new Date('2026-08-20T10:00:00.123Z')
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const configured = (environment: Record<string, string>) => {
  const { config, problems } = loadConfig({ environment, envFiles: [], readFile: () => '' })
  expect(problems).toEqual([])
  return config
}

const target = (place: Place, onLost: (lines: number) => void = () => {}) => {
  const made = lineTarget(place, { now, fileDays: null, onLost })
  closing.push(made.close)
  return made
}

const udpReceiver = async () => {
  const messages: string[] = []
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: { data: (_, bytes) => void messages.push(bytes.toString()) },
  })
  closing.push(() => socket.close())
  return { messages, port: socket.port }
}

/** Takes what arrives on all its connections as one text. */
const streamReceiver = async (at: number | string, arrive?: (socket: Socket) => void) => {
  const sockets = new Set<Socket>()
  let text = ''
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (arrive === undefined) socket.on('data', (bytes) => (text += bytes))
    else arrive(socket)
  })
  await new Promise<void>((resolve) =>
    typeof at === 'string' ? server.listen(at, resolve) : server.listen(at, '127.0.0.1', resolve),
  )
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  closing.push(stop)
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, received: () => text, stop }
}

/** The messages in a stream of counted ones. */
const uncounted = (text: string): string[] => {
  const messages: string[] = []
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    const space = rest.indexOf(' ')
    const end = space + 1 + Number(rest.subarray(0, space).toString())
    messages.push(rest.subarray(space + 1, end).toString())
    rest = rest.subarray(end)
  }
  return messages
}

describe('a receiver that is not there', () => {
  const program = (place: Place, work: string) => {
    const path = JSON.stringify(join(import.meta.dir, '../../src/logging/target.ts'))
    const source = `
      const { lineTarget } = await import(${path})
      let time = 0
      const target = lineTarget(${JSON.stringify(place)}, { now: () => new Date(time), fileDays: null, onLost() {} })
      ${work}`
    const { stderr, exitCode } = Bun.spawnSync([process.execPath, '-e', source], { timeout: 20_000 })
    return { exitCode, said: stderr.toString().trim().split('\n') }
  }

  test('is told on stderr once a minute, while everything goes on', async () => {
    const place = { kind: 'syslog', over: 'udp', host: '127.0.0.1', port: await freePort() } as const
    const { exitCode, said } = program(
      place,
      `for (let second = 0; second < 180; second += 10) {
        time = second * 1000
        target.write('x')
        await Bun.sleep(80)
      }
      await target.close()`,
    )
    const complaint = `sipkeeper: the log cannot be written to syslog://127.0.0.1:${place.port}: `
    expect([exitCode, said.length, said.every((line) => line.startsWith(complaint))]).toEqual([0, 3, true])
  })

  test('does not hold the end of the process, which says what was lost', () => {
    for (const over of ['udp', 'tcp'] as const) {
      const started = performance.now()
      const place = { kind: 'syslog', over, host: 'nowhere.invalid', port: 514 } as const
      const { exitCode, said } = program(
        place,
        `for (let i = 0; i < 5000; i++) target.write('x'); await target.close()`,
      )
      expect([exitCode, said.length]).toEqual([0, 2])
      expect(said[0]).toContain('nowhere.invalid')
      expect(said[1]).toBe(
        `sipkeeper: 5000 log lines for ${over === 'udp' ? 'syslog' : 'syslog+tcp'}://nowhere.invalid:514 were lost`,
      )
      expect(performance.now() - started).toBeLessThan(15_000)
    }
  })

  test('keeps no process that has nothing else to do', () => {
    const place = { kind: 'syslog', over: 'tcp', host: 'nowhere.invalid', port: 514 } as const
    expect(program(place, `target.write('x'); await Bun.sleep(200)`).exitCode).toBe(0)
  })

  test('finds what has waited when it comes, in its order, and what did not fit is counted', async () => {
    const lost: number[] = []
    const port = await freePort()
    const sender = target({ kind: 'syslog', over: 'tcp', host: '127.0.0.1', port }, (lines) => lost.push(lines))
    for (let line = 0; line < 20_500; line += 1) sender.write(`line ${line}`)
    await Bun.sleep(200)
    const { received } = await streamReceiver(port)
    await sender.flush()
    await eventually(() => received().endsWith('line 19999'))
    expect(uncounted(received())).toEqual(Array.from({ length: 20_000 }, (_, line) => `line ${line}`))
    expect(lost).toEqual([500])
  })

  test('fills no memory with long lines either', async () => {
    const lost: number[] = []
    const port = await freePort()
    const sender = target({ kind: 'syslog', over: 'tcp', host: '127.0.0.1', port }, (lines) => lost.push(lines))
    const long = 'x'.repeat(1_048_576)
    for (let line = 0; line < 20; line += 1) sender.write(long)
    await Bun.sleep(100)
    const { received } = await streamReceiver(port)
    await sender.flush()
    expect(lost).toEqual([4])
    await eventually(() => received().length === 16 * `1048576 ${long}`.length)
  })
})

describe('a receiver over TCP', () => {
  test('that stops reading costs its lines, not the process', async () => {
    const { port } = await streamReceiver(0, (socket) => socket.pause())
    const sender = target({ kind: 'syslog', over: 'tcp', host: '127.0.0.1', port })
    for (let line = 0; line < 14; line += 1) sender.write('x'.repeat(1_048_576))
    const started = performance.now()
    await sender.close()
    expect(performance.now() - started).toBeLessThan(15_000)
    closing.splice(closing.indexOf(sender.close), 1)
  })

  test('that restarts is sent whole messages again', async () => {
    const first = await streamReceiver(0)
    const sender = target({ kind: 'syslog', over: 'tcp', host: '127.0.0.1', port: first.port })
    sender.write('before')
    await sender.flush()
    await eventually(() => first.received() !== '')
    await first.stop()
    await Bun.sleep(50)
    sender.write('while it is away')
    await Bun.sleep(100)
    const second = await streamReceiver(first.port)
    sender.write('after')
    await sender.flush()
    await eventually(() => second.received().endsWith('after'))
    expect(uncounted(first.received())).toEqual(['before'])
    expect(uncounted(second.received())).toEqual(['while it is away', 'after'])
  })
})

describe('syslog', () => {
  test('over UDP gets a datagram a record: the service as daemon, security events as authpriv with their name', async () => {
    const { port, messages } = await udpReceiver()
    const log = logging(configured({ LOG_TARGET: `syslog://127.0.0.1:${port}`, LOG_FORMAT: 'text' }), { now })
    closing.push(log.close)
    log.app.warn('slow', { ms: 12 })
    log.security('auth.digest.fail', { ip: '203.0.113.9', account: 'a\nb' })
    await eventually(() => messages.length === 2)
    const [app, security] = messages
    expect(app).toMatch(
      /^<28>1 2026-08-20T10:00:00\.123Z [!-~]+ sipkeeper \d+ - - 2026-08-20T10:00:00\.123Z WARN {2}slow ms=12$/,
    )
    expect(security).toMatch(
      /^<86>1 2026-08-20T10:00:00\.123Z [!-~]+ sipkeeper \d+ auth\.digest\.fail - 2026\S+ security event=/,
    )
    expect(security).toEndWith('ip=203.0.113.9 account="a\\nb"')
  })

  test('over UDP cuts what no datagram holds, and never within a character', async () => {
    const { port, messages } = await udpReceiver()
    const sender = target({ kind: 'syslog', over: 'udp', host: 'localhost', port })
    sender.write(`${'x'.repeat(65_506)}é and more`)
    sender.write('next')
    await sender.flush()
    await eventually(() => messages.length === 2)
    expect(messages).toEqual(['x'.repeat(65_506), 'next'])
  })

  test('over UDP does not overrun a receiver with much that has waited', async () => {
    const { port, messages } = await udpReceiver()
    const sender = target({ kind: 'syslog', over: 'udp', host: '127.0.0.1', port })
    const lines = Array.from({ length: 5_000 }, (_, line) => `line ${line} ${'x'.repeat(200)}`)
    for (const line of lines) sender.write(line)
    await sender.flush()
    await eventually(() => messages.length === lines.length)
    expect(messages).toEqual(lines)
  })

  test('over IPv6', async () => {
    const received: string[] = []
    const socket = await Bun.udpSocket({
      hostname: '::1',
      socket: { data: (_, bytes) => void received.push(bytes.toString()) },
    }).catch(() => null)
    if (socket === null) return // a machine without IPv6
    closing.push(() => socket.close())
    const log = logging(configured({ LOG_TARGET: `syslog://[::1]:${socket.port}` }), { now })
    closing.push(log.close)
    log.app.info('hello')
    await eventually(() => received.length === 1)
    expect(received[0]).toStartWith('<30>1 ')
  })

  test('on a local stream socket gets a line a record', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-log-'))
    closing.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'log')
    const { received } = await streamReceiver(path)
    const config = configured({ SECURITY_LOG_TARGET: `syslog:${path}` })
    expect(await unusableTarget(config)).toBeNull()
    const log = logging(config, { now })
    closing.push(log.close)
    log.security('job.done', {})
    log.security('job.fail', {})
    await eventually(() => received().split('\n').length === 3)
    expect(received()).toMatch(/^<86>1 \S+ \S+ sipkeeper \d+ job\.done - .*\n<86>1 .* job\.fail - .*\n$/)
  })

  test('is sent both logs over one connection', async () => {
    const { port, received } = await streamReceiver(0)
    const where = `syslog+tcp://127.0.0.1:${port}`
    const log = logging(configured({ LOG_TARGET: where, SECURITY_LOG_TARGET: where }), { now })
    closing.push(log.close)
    log.app.error('one')
    log.security('job.done', {})
    await eventually(() => received().includes('job.done'))
    expect(uncounted(received()).map((message) => message.slice(0, 5))).toEqual(['<27>1', '<86>1'])
  })
})

test('the journal reads how serious each line is', () => {
  const path = JSON.stringify(join(import.meta.dir, '../../src/logging/logging.ts'))
  const config = configured({ LOG_TARGET: 'journald', LOG_LEVEL: 'debug' })
  const source = `
    const { logging } = await import(${path})
    const log = logging(${JSON.stringify(config)}, { now: () => new Date(0) })
    for (const level of ['debug', 'info', 'warn', 'error']) log.app[level]('hello')
    log.security('job.done', {})
    await log.close()`
  const { stdout } = Bun.spawnSync([process.execPath, '-e', source])
  expect(stdout.toString()).toMatch(/^<7>\{.*\n<6>\{.*\n<4>\{.*\n<3>\{.*\n<6>\S+ security event=job\.done .*\n$/)
})

test('a local socket that takes no connection is found at the start, with what to write instead', async () => {
  for (const name of ['LOG_TARGET', 'SECURITY_LOG_TARGET'] as const) {
    const refused = await unusableTarget(configured({ [name]: 'syslog:/nonexistent/log' }))
    expect(refused).toStartWith(`${name} needs a stream socket at /nonexistent/log`)
    for (const other of ['journald', 'syslog://127.0.0.1:514']) expect(refused).toContain(other)
  }
  expect(await unusableTarget(configured({}))).toBeNull()
})
