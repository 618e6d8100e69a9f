// `bun run bench`: requests a second against raw Bun.serve in the same run (DESIGN.md §11). `--quick` for one short
// round, `--write` to put the table into docs/performance.md. Needs `wrk`.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, executable } from '../test/build.ts'
import { API_KEY, PASSWORD, seed, tokenOf, USERNAME } from './seed.ts'

const quick = process.argv.includes('--quick')
const ROUNDS = quick ? 1 : 5
const SECONDS = quick ? 1 : 3
const ACCOUNTS = 1_000_000
const CONNECTIONS = 32
const root = join(import.meta.dir, '..')
const say = (text: string) => process.stdout.write(`${text}\n`)

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

interface Server {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

const waitFor = async (url: string): Promise<number> => {
  const started = performance.now()
  for (;;) {
    const reply = await fetch(url).catch(() => null)
    if (reply?.status === 200) return performance.now() - started
    if (performance.now() - started > 20_000) throw new Error(`${url} does not answer`)
    await Bun.sleep(1)
  }
}

const startProduct = async (folder: string, port: number): Promise<Server & { firstReplyMs: number }> => {
  const child = Bun.spawn([executable, 'serve'], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      DATA_DIR: folder,
      LISTEN: `127.0.0.1:${port}`,
      API_RATE_LIMIT_PER_MINUTE: '0',
      AUTH_RATE_LIMIT_PER_MINUTE: '0',
      LOG_LEVEL: 'error',
      SECURITY_LOG_TARGET: `file:${join(folder, 'security.log')}`,
    },
    stdout: 'ignore',
    stderr: 'inherit',
  })
  const firstReplyMs = await waitFor(`http://localhost:${port}/api/ping`)
  return {
    port,
    pid: child.pid,
    firstReplyMs,
    stop: async () => {
      child.kill('SIGTERM')
      await child.exited
    },
  }
}

const startRaw = async (port: number): Promise<Server> => {
  const program = `Bun.serve({ port: ${port}, hostname: '127.0.0.1', fetch: () => new Response('pong') })`
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'ignore', stderr: 'inherit' })
  await waitFor(`http://localhost:${port}/`)
  return {
    port,
    pid: child.pid,
    stop: async () => {
      child.kill()
      await child.exited
    },
  }
}

/** Processor time of a process so far, in microseconds; clock ticks are 10 ms. */
const cpuMicroseconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

const rssMegabytes = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)

interface Load {
  readonly path: string
  readonly headers?: Record<string, string>
  readonly script?: string
}

interface Measured {
  readonly perSecond: number
  readonly cpu: number
  readonly p99Ms: number
  readonly failures: string
}

const wrk = async (server: Server, { path, headers = {}, script }: Load): Promise<Measured> => {
  const before = cpuMicroseconds(server.pid)
  const options = [`-t1`, `-c${CONNECTIONS}`, `-d${SECONDS}s`, '--latency']
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const scripted = script === undefined ? [] : ['-s', script]
  const child = Bun.spawn(['wrk', ...options, ...given, ...scripted, `http://localhost:${server.port}${path}`], {
    stdout: 'pipe',
  })
  const output = await new Response(child.stdout).text()
  const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0)
  const [, p99 = '0', unit = 'ms'] = /99%\s+([\d.]+)(us|ms|s)/.exec(output) ?? []
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0),
    cpu: (cpuMicroseconds(server.pid) - before) / Math.max(requests, 1),
    p99Ms: Number(p99) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's'],
    failures: /Non-2xx or 3xx responses: \d+/.exec(output)?.[0] ?? '',
  }
}

interface Row {
  readonly work: string
  readonly target: string
  readonly load: Load
}

const rows: { work: string; perSecond: string; cpu: string; share: string; target: string }[] = []

const measure = async (product: Server, raw: Server, { work, target, load }: Row) => {
  const ours: Measured[] = []
  const theirs: Measured[] = []
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await wrk(raw, { path: '/' }))
    ours.push(await wrk(product, load))
  }
  const share = median(ours.map(({ perSecond }, i) => perSecond / (theirs[i]?.perSecond ?? 1)))
  const failed = ours.find(({ failures }) => failures !== '')
  if (failed !== undefined && !work.startsWith('401')) say(`${work}: ${failed.failures}`)
  rows.push({
    work,
    perSecond: Math.round(median(ours.map(({ perSecond }) => perSecond))).toLocaleString('en'),
    cpu: median(ours.map(({ cpu }) => cpu)).toFixed(1),
    share: share.toFixed(2),
    target,
  })
  say(`${work}: ${share.toFixed(2)} of raw (at least ${target})`)
}

const digestPairs = async (port: number, username: string): Promise<number> => {
  const program = join(import.meta.dir, 'digest-client.ts')
  const child = Bun.spawn([process.execPath, program, String(port), String(SECONDS), username, PASSWORD], {
    stdout: 'pipe',
  })
  return Number(await new Response(child.stdout).text())
}

const main = async () => {
  if (Bun.which('wrk') === null) throw new Error('wrk is not installed (Debian: apt-get install wrk)')
  if (!existsSync(executable) && (await build()) !== 0) throw new Error('the build failed')
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-bench-'))
  const small = mkdtempSync(join(tmpdir(), 'sipkeeper-bench-'))
  try {
    const seeding = performance.now()
    await seed(folder, ACCOUNTS)
    await seed(small, 1000)
    say(`seeded ${ACCOUNTS} accounts in ${((performance.now() - seeding) / 1000).toFixed(1)} s`)
    const product = await startProduct(folder, 18_080)
    const little = await startProduct(small, 18_082)
    const raw = await startRaw(18_081)
    await Bun.sleep(1000)
    const idle = rssMegabytes(product.pid)

    const key = { 'x-api-key': API_KEY }
    const from = { From: `sip:${USERNAME}@sip.bench.example` }
    const consuming = join(folder, 'consume.lua')
    writeFileSync(
      consuming,
      `local id = ${Math.floor(Math.random() * 1000)} + 2
       request = function() id = id + 1; return wrk.format("GET", string.format("/provisioning/t%012d", id)) end`,
    )
    const creating = join(folder, 'create.lua')
    writeFileSync(
      creating,
      `local n = 0
       local run = tostring(os.time()) .. math.random(100000)
       wrk.method = "POST"
       wrk.headers["content-type"] = "application/json"
       wrk.headers["x-api-key"] = "${API_KEY}"
       request = function() n = n + 1
         return wrk.format(nil, nil, nil, '{"username":"c' .. run .. '-' .. n .. '","password":"correct-horse","algorithm":"SHA-256"}') end`,
    )
    await measure(product, raw, { work: '`GET /api/ping`', target: '0.8', load: { path: '/api/ping' } })
    await measure(product, raw, {
      work: '401 challenge',
      target: '0.5',
      load: { path: '/api/accounts/me', headers: from },
    })
    const pairs: number[] = []
    const rawPairs: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      rawPairs.push(await digestPairs(raw.port, '-'))
      pairs.push(await digestPairs(product.port, USERNAME))
    }
    const rawRequests = median(rawPairs) * 2
    rows.push({
      work: 'digest pair (401 + 200), pairs/s',
      perSecond: median(pairs).toLocaleString('en'),
      cpu: '–',
      share: (median(pairs) / rawRequests).toFixed(2),
      target: '0.15',
    })
    say(`digest pair: ${(median(pairs) / rawRequests).toFixed(2)} of raw`)
    await measure(product, raw, {
      work: '`GET /api/accounts/me` by API key',
      target: '0.3',
      load: { path: '/api/accounts/me', headers: key },
    })
    await measure(product, raw, { work: '`GET /provisioning`', target: '0.5', load: { path: '/provisioning' } })
    // Each round goes on where wrk's script starts; tokens are spent once, so rounds use different ranges.
    for (let round = 0; round < 1; round++) {
      await measureOnce(product, raw, consuming)
    }
    await measure(product, raw, {
      work: 'account creation (durable)',
      target: '0.05',
      load: { path: '/api/accounts', script: creating },
    })

    const pages: string[] = []
    for (const [name, page] of [
      ['first', 1],
      ['middle', 25_000],
      ['last', 49_990],
    ] as const) {
      const measured = await wrk(product, { path: `/api/accounts?page=${page}`, headers: key })
      pages.push(`${name} ${measured.p99Ms.toFixed(1)} ms`)
    }
    const reference = await wrk(little, { path: '/api/accounts?page=25', headers: key })
    const facts = [
      `Page of \`GET /api/accounts\` with 1 M accounts, p99 at 32 connections: ${pages.join(', ')}; with 1,000 accounts ${reference.p99Ms.toFixed(1)} ms (target: at most 20 ms, at most 3×).`,
      `Start to first 200 with 1 M accounts: ${Math.round(product.firstReplyMs)} ms (at most 300 ms).`,
      `Resident memory: ${idle} MB idle (at most 90 MB), ${rssMegabytes(product.pid)} MB after this run.`,
    ]
    await Promise.all([product.stop(), little.stop(), raw.stop()])

    const table = [
      '| work, 32 connections | per second | CPU µs each | share of raw | at least |',
      '|---|---|---|---|---|',
      ...rows.map(
        ({ work, perSecond, cpu, share, target }) => `| ${work} | ${perSecond} | ${cpu} | ${share} | ${target} |`,
      ),
      '',
      ...facts.map((fact) => `- ${fact}`),
    ].join('\n')
    say(`\n${table}`)
    if (process.argv.includes('--write')) {
      const file = join(root, 'docs/performance.md')
      const text = readFileSync(file, 'utf8')
      writeFileSync(file, text.replace(/(<!-- table -->\n)[\s\S]*?(\n<!-- end -->)/, `$1${table}$2`))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(small, { recursive: true, force: true })
  }
}

/** Tokens are spent once: every round takes the next range. */
const measureOnce = async (product: Server, raw: Server, script: string) => {
  const shares: number[] = []
  const ours: Measured[] = []
  let next = 2
  for (let round = 0; round < ROUNDS; round++) {
    const text = `local id = ${next}
      request = function() id = id + 1; return wrk.format("GET", string.format("/provisioning/t%012d", id)) end`
    writeFileSync(script, text)
    const theirs = await wrk(raw, { path: '/' })
    const measured = await wrk(product, { path: '/', script })
    next += Math.ceil(measured.perSecond * SECONDS * 1.2) + 1000
    ours.push(measured)
    shares.push(measured.perSecond / theirs.perSecond)
    if (measured.failures !== '') say(`consuming: ${measured.failures}`)
  }
  rows.push({
    work: '`GET /provisioning/{token}` consuming (durable)',
    perSecond: Math.round(median(ours.map(({ perSecond }) => perSecond))).toLocaleString('en'),
    cpu: median(ours.map(({ cpu }) => cpu)).toFixed(1),
    share: median(shares).toFixed(2),
    target: '0.1',
  })
  say(`consuming: ${median(shares).toFixed(2)} of raw (at least 0.1)`)
  if (tokenOf(next).length !== 13) throw new Error('the tokens are used up')
}

await main()
