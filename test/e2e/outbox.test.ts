import { expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { openPostgres } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { outbox } from '../../src/outbox/outbox.ts'
import { secrets } from '../../src/secrets.ts'
import { type Installation, prepared, serve } from '../support/executable.ts'

const MESSAGES = 1000
const KILLS = 20
const WORKERS = 1

const KEY = Buffer.alloc(32, 7)

/** A mail server that counts what it has said yes to, by recipient. */
const mailServer = async () => {
  const arrived = new Map<string, number>()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData: (stream, session, done) => {
      stream.resume()
      stream.on('end', () => {
        for (const { address } of session.envelope.rcptTo) arrived.set(address, (arrived.get(address) ?? 0) + 1)
        done()
      })
    },
  })
  // A client that is killed breaks its connection.
  server.on('error', () => {})
  const { promise, resolve } = Promise.withResolvers<number>()
  const listening = server.listen(0, '127.0.0.1', () => resolve((listening.address() as { port: number }).port))
  return { port: await promise, arrived, close: () => new Promise<void>((closed) => server.close(closed)) }
}

const withMailAt = (port: number) =>
  prepared({
    APP_KEY: `base64:${KEY.toString('base64')}`,
    MAIL_HOST: '127.0.0.1',
    MAIL_PORT: String(port),
    MAIL_ENCRYPTION: 'none',
    MAIL_FROM_ADDRESS: 'sip@example.org',
    MAIL_WORKERS: String(WORKERS),
  })

/** The outbox of that installation, as a use case of its own would fill it. */
const outboxOf = ({ env, folder }: Installation) => {
  const db =
    env.DATABASE_URL === undefined ? openSqlite(join(folder, 'sipkeeper.sqlite')) : openPostgres(env.DATABASE_URL)
  const random = (size: number) => crypto.getRandomValues(new Uint8Array(size))
  const messages = outbox({ db, secrets: secrets(KEY, random), now: () => new Date() })
  return {
    add: (names: readonly string[]) =>
      db.transaction(async (tx) => {
        const [space] = await tx.select().from(db.tables.spaces)
        for (const name of names) {
          await messages.add(tx, {
            channel: 'mail',
            kind: 'test',
            spaceId: space?.id ?? 0,
            accountId: null,
            recipient: `${name}@example.org`,
            language: 'en',
            data: { transport: 'the fake of this test', time: '2026-06-01T12:00:00.000Z' },
          })
        }
      }),
    rows: () => db.read.select().from(db.tables.outboxMessages),
    close: db.close,
  }
}

const soon = async (isSo: () => boolean | Promise<boolean>, withinMs: number) => {
  const started = Date.now()
  while (!(await isSo())) {
    if (Date.now() - started > withinMs) throw new Error('it did not happen in time')
    await Bun.sleep(20)
  }
}

test(
  `killed ${KILLS} times while it sends ${MESSAGES} mails, it loses none, and repeats only what was on its way`,
  async () => {
    const mail = await mailServer()
    const place = await withMailAt(mail.port)
    const waiting = outboxOf(place)
    const started = performance.now()
    const share = MESSAGES / KILLS
    for (let kill = 0; kill < KILLS; kill++) {
      const running = await serve(place)
      const names = Array.from({ length: share }, (_, index) => `m${kill * share + index}`)
      for (let from = 0; from < share; from += 10) await waiting.add(names.slice(from, from + 10))
      // Somewhere in the middle of sending, however slow this machine is.
      const before = mail.arrived.size
      await soon(() => mail.arrived.size > before, 20_000)
      await Bun.sleep(Math.random() * 250)
      await running.kill()
    }
    const running = await serve(place)
    await soon(() => mail.arrived.size === MESSAGES, 60_000)
    await soon(async () => (await waiting.rows()).every(({ sentAt }) => sentAt !== null), 60_000)
    expect(await running.stop()).toBe(0)
    const counts = [...mail.arrived.values()]
    const repeated = counts.reduce((sum, count) => sum + count - 1, 0)
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    process.stdout.write(`measured: ${MESSAGES} mails and ${KILLS} kills in ${seconds} s, ${repeated} sent twice\n`)
    expect(counts).toHaveLength(MESSAGES)
    expect(repeated).toBeLessThanOrEqual(KILLS * WORKERS)
    // What they said is nowhere any more.
    expect((await waiting.rows()).filter(({ data, deadAt }) => data !== null || deadAt !== null)).toEqual([])
    await waiting.close()
    await mail.close()
    await place.remove()
  },
  { timeout: 180_000 },
)

test(
  'a mail server that says nothing does not keep the process from ending, and the mail waits for the next start',
  async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => sockets.push(socket.on('error', () => {})))
    const { promise, resolve } = Promise.withResolvers<number>()
    silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port))
    const place = await withMailAt(await promise)
    const waiting = outboxOf(place)
    const running = await serve(place)
    await waiting.add(['patient'])
    await soon(() => sockets.length > 0, 10_000)
    const started = performance.now()
    expect(await running.stop()).toBe(0)
    expect(performance.now() - started).toBeLessThan(12_000)
    for (const socket of sockets) socket.destroy()
    silent.close()

    const mail = await mailServer()
    const next = await serve({ ...place, env: { ...place.env, MAIL_PORT: String(mail.port) } })
    await soon(() => mail.arrived.get('patient@example.org') === 1, 40_000)
    expect(await next.stop()).toBe(0)
    await waiting.close()
    await mail.close()
    await place.remove()
  },
  { timeout: 90_000 },
)
