// `bun run bench`: requests a second against raw Bun.serve in the same run (docs/performance.md). `--quick` for one
// short round, `--only TEXT` for the rows whose name has it, `--write` to put the table into docs/performance.md.
// Needs `wrk`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CONNECTIONS, digestPairs, each, type Load, type Measured, same } from './load.ts'
import { API_KEY, CONTACTS, DOMAIN, seedSqlite, TOKEN, USERNAME } from './seed.ts'
import { buildProduct, memoryMegabytes, type Product, type Server, startProduct, startRaw } from './servers.ts'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const ROUNDS = flags.quick ? 1 : 5
const SECONDS = flags.quick ? 1 : 3
const STARTS = 3
const ACCOUNTS = 1_000_000
const FEW_ACCOUNTS = 1000
const PER_PAGE = 20
const A_MILLION_REQUESTS = 1_000_000

const say = (text: string) => process.stdout.write(`${text}\n`)
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const whole = (value: number) => Math.round(value).toLocaleString('en')

const key = { 'x-api-key': API_KEY }
/** `string.format` in Lua: the token of account or row `id`. */
const token = (letter: string) => `string.format("${letter}%012d", id)`

/** A POST of JSON; `username` differs from run to run and from request to request. */
const post = (path: string, headers: Record<string, string>, username: string, more: string) => {
  const lines = Object.entries({ 'content-type': 'application/json', ...headers })
  const preamble = lines.map(([name, value]) => `wrk.headers["${name}"] = "${value}"`).join('\n')
  const body = `'{"username":"${username}-' .. id .. '","password":"correct-horse","algorithm":"SHA-256"${more}}'`
  return each(`return wrk.format("POST", "${path}", nil, ${body})`, preamble)
}

/** Messages after which a device tells of one: by then it was answered. */
const LAG = 256

/** In turns a message, and a device that got one of those before. */
const messages = (): Load => {
  const lines = Object.entries({ 'content-type': 'application/json', ...key })
  const preamble = lines.map(([name, value]) => `wrk.headers["${name}"] = "${value}"`).join('\n')
  // Scattered, as the hashes are that Flexisip sends.
  const name = (n: string) => `string.format("%08x%056d", (${n}) * 2654435761 % 4294967296, ${n})`
  const report = `'{"id":"' .. ${name('id')} .. '","from":"alice@${DOMAIN}","sent_at":"' .. at .. '","encrypted":true}'`
  const path = `"/api/statistics/messages/" .. ${name(`id - ${LAG - 1}`)} .. "/to/sip:bob@${DOMAIN}/devices/%22%3Curn:uuid:1%3E%22"`
  const news = `'{"last_status":200,"received_at":"' .. at .. '"}'`
  const script = `
    first = first or id
    local at = os.date("!%Y-%m-%dT%H:%M:%SZ")
    if id % 2 == 1 or id - first < ${LAG} then return wrk.format("POST", "/api/statistics/messages", nil, ${report}) end
    return wrk.format("PATCH", ${path}, nil, ${news})`
  return each(script, preamble)
}

interface Row {
  readonly work: string
  /** The least share of raw Bun.serve's requests a second. */
  readonly target: number
  readonly load: Load
  /** What raw Bun.serve is asked meanwhile, and how many requests of it one of ours counts as. */
  readonly raw?: { readonly load: Load; readonly requests: number }
  /** Every reply is a refusal. */
  readonly refuses?: boolean
  /** The most milliseconds at the 99th percentile. */
  readonly mostP99Ms?: number
}

const rows: readonly Row[] = [
  { work: '`GET /api/ping`', target: 0.8, load: same('/api/ping') },
  {
    work: '401 challenge',
    target: 0.5,
    load: same('/api/accounts/me', { from: `sip:${USERNAME}@${DOMAIN}` }),
    refuses: true,
  },
  {
    work: 'digest pair (401 + 200)',
    target: 0.15,
    load: digestPairs('digest'),
    raw: { load: digestPairs('plain'), requests: 2 },
  },
  { work: '`GET /api/accounts/me` by API key', target: 0.3, load: same('/api/accounts/me', key) },
  // Every tenth of these accounts forwards calls.
  {
    work: '`GET /api/resolve/{sip}` by API key',
    target: 0.25,
    mostP99Ms: 10,
    load: each(
      `return wrk.format("GET", "/api/resolve/user-" .. (${CONTACTS} + 1 + id) .. "@${DOMAIN}")`,
      `wrk.headers["x-api-key"] = "${API_KEY}"`,
    ),
  },
  { work: '`GET /provisioning`', target: 0.5, load: same('/provisioning') },
  { work: '`GET /provisioning/me` by API key', target: 0.2, load: same('/provisioning/me', key) },
  // At most 2 ms of CPU each; the token is the last one, which no other row spends.
  {
    work: '`GET /provisioning/qrcode/{token}`',
    target: 0.003,
    load: same(`/provisioning/qrcode/${TOKEN.provisioning}${String(ACCOUNTS).padStart(12, '0')}`),
  },
  {
    work: '`GET /provisioning/{token}` consuming (durable)',
    target: 0.1,
    load: each(`return wrk.format("GET", "/provisioning/" .. ${token(TOKEN.provisioning)})`),
  },
  {
    work: 'account creation with a token (durable)',
    target: 0.05,
    load: post(
      '/api/accounts/with-account-creation-token',
      {},
      'registered',
      `,"account_creation_token":"' .. ${token(TOKEN.creation)} .. '"`,
    ),
  },
  {
    work: 'account creation by an administrator (durable)',
    target: 0.05,
    load: post('/api/accounts', key, 'created', ''),
  },
  { work: 'statistics: message + device (durable)', target: 0.05, load: messages() },
]

/** Requests that the product has answered: what its memory is measured after. */
let answered = 0

const ask = async (product: Server, { work, load, refuses = false }: Row, seconds = SECONDS): Promise<Measured> => {
  const measured = await load(product, seconds)
  answered += measured.done
  const refused = refuses ? measured.done - measured.refused : measured.refused
  if (measured.done === 0 || refused > 0) throw new Error(`${work}: ${refused} wrong replies of ${measured.done}`)
  return measured
}

/** Of rows that have a limit for it: a sentence each. */
const slowest: string[] = []

/** Both servers in turns, so that whatever else this machine does hits both. */
const compare = async (product: Server, raw: Server, row: Row): Promise<string> => {
  const { load: rawLoad = same('/'), requests = 1 } = row.raw ?? {}
  const ours: Measured[] = []
  const shares: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const theirs = await rawLoad(raw, SECONDS)
    const measured = await ask(product, row)
    ours.push(measured)
    shares.push(measured.perSecond / (theirs.perSecond * requests))
  }
  const share = median(shares).toFixed(2)
  say(`${row.work}: ${share} of raw (at least ${row.target})`)
  if (row.mostP99Ms !== undefined) {
    const p99 = median(ours.map((measured) => measured.p99Ms)).toFixed(1)
    slowest.push(`- ${row.work}: ${p99} ms at the 99th percentile (at most ${row.mostP99Ms} ms).`)
  }
  const perSecond = whole(median(ours.map((measured) => measured.perSecond)))
  const cpu = median(ours.map((measured) => measured.cpuMicrosecondsEach)).toFixed(1)
  return `| ${row.work} | ${perSecond} | ${cpu} | ${share} | ${row.target} |`
}

const measureRaw = async (raw: Server): Promise<string> => {
  const measured: Measured[] = []
  for (let round = 0; round < ROUNDS; round++) measured.push(await same('/')(raw, SECONDS))
  const perSecond = whole(median(measured.map((one) => one.perSecond)))
  const cpu = median(measured.map((one) => one.cpuMicrosecondsEach)).toFixed(1)
  return `| raw \`Bun.serve\` | ${perSecond} | ${cpu} | 1 | |`
}

const list = (page: number): Row => ({
  work: `page ${page}`,
  target: 0,
  load: same(`/api/accounts?page=${page}`, key),
})

/** Pages at every depth, in turns with those of a small database. */
const comparePages = async (product: Server, little: Server): Promise<string[]> => {
  const last = ACCOUNTS / PER_PAGE
  const depths = [
    { name: `first of ${whole(ACCOUNTS)} accounts`, server: product, page: 1 },
    { name: 'middle', server: product, page: last / 2 },
    { name: 'last', server: product, page: last },
    { name: `middle of ${whole(FEW_ACCOUNTS)} accounts`, server: little, page: FEW_ACCOUNTS / PER_PAGE / 2 },
  ].map((depth) => ({ ...depth, measured: [] as Measured[] }))
  for (let round = 0; round < ROUNDS; round++) {
    for (const { server, page, measured } of depths) measured.push(await ask(server, list(page)))
  }
  const of = (measured: Measured[], value: (one: Measured) => number) => median(measured.map(value))
  return depths.map(({ name, measured }) => {
    const cells = [
      whole(of(measured, (one) => one.perSecond)),
      of(measured, (one) => one.cpuMicrosecondsEach).toFixed(0),
      of(measured, (one) => one.medianMs).toFixed(1),
      of(measured, (one) => one.p99Ms).toFixed(1),
    ]
    return `| ${name} | ${cells.join(' | ')} |`
  })
}

const addressBook: Row = { work: '`GET /contacts/vcard`', target: 0, load: same('/contacts/vcard', key) }

const measureAddressBook = async (product: Server): Promise<string> => {
  const measured: Measured[] = []
  for (let round = 0; round < ROUNDS; round++) measured.push(await ask(product, addressBook))
  const of = (value: (one: Measured) => number) => median(measured.map(value))
  const cpuMs = (of((one) => one.cpuMicrosecondsEach) / 1000).toFixed(1)
  return `${whole(of((one) => one.perSecond))} a second, ${cpuMs} ms of CPU each, ${of((one) => one.p99Ms).toFixed(0)} ms at the 99th percentile`
}

/** Starts on a database that was open before, as after a restart. */
const measureStart = async (folder: string): Promise<number> => {
  const times: number[] = []
  for (let start = 0; start < STARTS; start++) {
    const product = await startProduct(folder)
    times.push(product.firstReplyMs)
    await product.stop()
  }
  return median(times)
}

/** A process of its own, because counting costs something: how long each kind of request holds the loop. */
const measureHolds = async (folder: string, of: readonly Row[]): Promise<string> => {
  const product: Product = await startProduct(folder, { metrics: true })
  const holds: { work: string; ms: number }[] = []
  for (const row of of) {
    await product.longestHoldMs()
    await ask(product, row)
    holds.push({ work: row.work, ms: await product.longestHoldMs() })
  }
  await product.stop()
  const worst = holds.toSorted((a, b) => b.ms - a.ms).slice(0, 3)
  return worst.map(({ work, ms }) => `${ms.toFixed(1)} ms (${work})`).join(', ')
}

const measureAll = async (folder: string, small: string): Promise<string> => {
  const startMs = await measureStart(folder)
  const product = await startProduct(folder)
  const little = await startProduct(small)
  const raw = await startRaw()
  await Bun.sleep(1000)
  const idle = memoryMegabytes(product)

  const table = [await measureRaw(raw)]
  for (const row of rows) table.push(await compare(product, raw, row))
  const pages = await comparePages(product, little)
  const book = await measureAddressBook(product)
  while (answered < A_MILLION_REQUESTS) await ask(product, rows[0] as Row)
  const loaded = memoryMegabytes(product)
  await Promise.all([product.stop(), little.stop(), raw.stop()])
  const holds = await measureHolds(folder, [...rows, list(ACCOUNTS / PER_PAGE / 2), addressBook])

  return [
    `| work, ${CONNECTIONS} connections | per second | CPU µs each | share of raw | at least |`,
    '|---|---|---|---|---|',
    ...table,
    '',
    `| \`GET /api/accounts\`, ${CONNECTIONS} connections | per second | CPU µs each | median ms | 99th percentile ms |`,
    '|---|---|---|---|---|',
    ...pages,
    '',
    ...slowest,
    '- Pages: at most 20 ms at the 99th percentile, and at most three times that of the small database.',
    `- ${addressBook.work} with ${whole(CONTACTS)} contacts, ${CONNECTIONS} connections: ${book}.`,
    `- Start to first 200 with ${whole(ACCOUNTS)} accounts: ${startMs.toFixed(0)} ms (at most 300 ms).`,
    `- Resident memory: ${idle.resident} MB idle, ${idle.own} MB of it its own (at most 90 MB); ${loaded.resident} MB after ${whole(answered)} requests (at most ${whole(idle.resident * 1.3)} MB), ${loaded.own} MB of it its own, the rest pages of the program and of the database file.`,
    `- Longest hold of the event loop: ${holds} (at most 20 ms).`,
  ].join('\n')
}

/** Some rows and their holds, for who works on them. */
const measureSome = async (folder: string, some: readonly Row[]): Promise<string> => {
  const product = await startProduct(folder)
  const raw = await startRaw()
  const table: string[] = []
  for (const row of some) table.push(await compare(product, raw, row))
  await Promise.all([product.stop(), raw.stop()])
  return [...table, ...slowest, `- Longest hold of the event loop: ${await measureHolds(folder, some)}.`].join('\n')
}

if (Bun.which('wrk') === null) throw new Error('wrk is not installed (Debian: apt-get install wrk)')
say(`measuring dist/sipkeeper, built ${(await buildProduct()).toISOString()}`)
const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-bench-'))
try {
  const { only } = flags
  const some = only === undefined ? rows : rows.filter(({ work }) => work.includes(only))
  if (some.length === 0) throw new Error(`no row has '${only}' in its name`)
  const [large, small] = [join(folder, 'large'), join(folder, 'small')]
  const seeding = performance.now()
  await seedSqlite(large, { accounts: ACCOUNTS })
  await seedSqlite(small, { accounts: FEW_ACCOUNTS })
  say(`seeded ${whole(ACCOUNTS)} accounts in ${((performance.now() - seeding) / 1000).toFixed(1)} s`)
  const table = await (some.length < rows.length ? measureSome(large, some) : measureAll(large, small))
  say(`\n${table}`)
  if (flags.write && some.length === rows.length) {
    const file = join(import.meta.dir, '../docs/performance.md')
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace(/(<!-- table -->\n)[\s\S]*?(\n<!-- end -->)/, (_, start, end) => start + table + end),
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
