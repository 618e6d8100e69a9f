// `bun bench/import.ts [--accounts 1000] [--imported 100000] [--seconds 20] [--url postgres://…/empty]`: how long an import
// takes, how much memory it needs, and how fast all else is answered meanwhile (docs/performance.md).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { API_KEY, DOMAIN, seedPostgres, seedSqlite, USERNAME } from './seed.ts'
import { buildProduct, memoryMegabytes, startProduct } from './servers.ts'

const { values: flags } = parseArgs({
  options: {
    accounts: { type: 'string', default: '1000' },
    imported: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '100' },
    url: { type: 'string' },
  },
})
const [accounts, imported] = [Number(flags.accounts), Number(flags.imported)]
const EVERY_MS = 1000 / Number(flags.rate)
const say = (text: string) => process.stdout.write(`${text}\n`)

const key = { 'x-api-key': API_KEY }
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { ...key, 'content-type': 'application/json' },
})

/** Of ten requests: four accounts looked at, three challenges, two documents, one creation. */
const MIX = ['me', '401', 'me', 'provisioning', '401', 'me', 'provisioning', '401', 'me', 'creation'] as const
type Kind = (typeof MIX)[number]

const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-import-'))
if (flags.url === undefined) await seedSqlite(folder, { accounts })
else await seedPostgres(flags.url, { accounts })
await buildProduct()
const product = await startProduct(folder, { metrics: true, ...(flags.url === undefined ? {} : { url: flags.url }) })
const base = `http://localhost:${product.port}`

let [made, refused] = [0, 0]
const REQUESTS: Readonly<Record<Kind, () => Promise<Response>>> = {
  me: () => fetch(`${base}/api/accounts/me`, { headers: key }),
  '401': () => fetch(`${base}/api/accounts/me`, { headers: { from: `sip:${USERNAME}@${DOMAIN}` } }),
  provisioning: () => fetch(`${base}/provisioning`, { headers: { 'x-linphone-provisioning': 'true' } }),
  creation: () => {
    made += 1
    return fetch(
      `${base}/api/accounts`,
      json({ username: `meanwhile-${made}`, password: 'correct-horse', algorithm: 'SHA-256' }),
    )
  },
}

/** At a fixed rate, whether or not what was asked before is answered. */
const load = () => {
  const taken: { kind: Kind; ms: number }[] = []
  const waiting = new Set<Promise<unknown>>()
  let [sent, isOver] = [0, false]
  const begun = performance.now()
  const ask = async (kind: Kind, due: number) => {
    const reply = await REQUESTS[kind]()
    await reply.arrayBuffer()
    if (reply.status >= 400 && kind !== '401') refused += 1
    taken.push({ kind, ms: performance.now() - due })
  }
  const going = (async () => {
    while (!isOver) {
      const due = begun + sent * EVERY_MS
      await Bun.sleep(Math.max(0, due - performance.now()))
      const asked = ask(MIX[sent % MIX.length] ?? 'me', Math.max(due, performance.now() - 1))
      waiting.add(asked)
      void asked.finally(() => waiting.delete(asked))
      sent += 1
    }
    await Promise.all(waiting)
  })()
  return async () => {
    isOver = true
    await going
    return taken
  }
}

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0

const report = (name: string, taken: readonly { kind: Kind; ms: number }[]) => {
  const line = (of: string, values: readonly number[]) =>
    `${of} ${[0.5, 0.99, 1].map((share) => percentile(values, share).toFixed(1)).join(' / ')}`
  const kinds = [...new Set(MIX)].map((kind) =>
    line(
      kind,
      taken.flatMap((one) => (one.kind === kind ? one.ms : [])),
    ),
  )
  say(
    `${name}, ${refused} refused, ms at the median / 99 % / longest of ${taken.length}: ${line(
      'all',
      taken.map(({ ms }) => ms),
    )}; ${kinds.join('; ')}`,
  )
}

const idle = load()
await Bun.sleep(Number(flags.seconds) * 1000)
report('idle', await idle())
const before = memoryMegabytes(product)
await product.longestHoldMs()

let most = before
const watching = setInterval(() => {
  const now = memoryMegabytes(product)
  most = { resident: Math.max(most.resident, now.resident), own: Math.max(most.own, now.own) }
}, 50)

const rows = Array.from(
  { length: imported },
  (_, at) => `imported-${at},Person ${at} of the company,person.${at}@example.org,secret-${at}`,
)
const form = new FormData()
form.set('file', new Blob([['Username,Display Name,Email,Password', ...rows].join('\r\n')]), 'people.csv')
const during = load()
const begun = performance.now()
const since = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`
const file = await (await fetch(`${base}/api/account_imports`, { method: 'POST', headers: key, body: form })).json()
say(`read after ${since()}: ${file.accounts} good lines, ${file.faulty} faulty`)
const task = await (await fetch(`${base}/api/account_imports/${file.id}`, json({}))).json()
const taskNow = async () => (await fetch(`${base}/api/tasks/${task.id}`, { headers: key })).json()
let state = await taskNow()
while (state.finished_at === null) {
  await Bun.sleep(200)
  state = await taskNow()
}
say(`imported after ${since()}: ${state.status}, ${state.done} done, ${state.message}`)
report('during the import', await during())
clearInterval(watching)
say(`memory: ${before.resident} MB (${before.own} its own) before, at most ${most.resident} (${most.own}) during`)
say(`longest hold of the loop: ${(await product.longestHoldMs()).toFixed(1)} ms`)
await product.stop()
rmSync(folder, { recursive: true, force: true })
