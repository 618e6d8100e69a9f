import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { SECURITY_EVENTS } from '../src/logging/security-events.ts'
import en from '../src/messages/en.json'
import fr from '../src/messages/fr.json'
import { type TestApp, testApp } from './support/app.ts'

const root = join(import.meta.dir, '../src')

interface Module {
  /** Below src/: `accounts/accounts/api.ts`. */
  readonly file: string
  readonly source: string
  /** What it imports when it runs; type imports are none. Our own files as paths below src/. */
  readonly imports: readonly string[]
  /** The same and type imports of our own files. */
  readonly mentions: readonly string[]
}

const isOurs = (path: string) => path.startsWith('.')

const readModule = (file: string): Module => {
  const source = readFileSync(join(root, file), 'utf8').replace(/^#!.*/, '')
  const resolve = (path: string) => (isOurs(path) ? join(dirname(file), path) : path)
  const transpiler = new Bun.Transpiler({ loader: file.endsWith('x') ? 'tsx' : 'ts' })
  const imports = transpiler.scanImports(source).map(({ path }) => resolve(path))
  const typed = [...source.matchAll(/^(?:import|export) [^;]*?from '(\.[^']+)'/gm)].map(([, path = '']) =>
    resolve(path),
  )
  return {
    file,
    source,
    imports,
    mentions: [...new Set([...imports, ...typed])].filter((path) => /\.tsx?$/.test(path)),
  }
}

const modules = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
  .sort()
  .map(readModule)

const imports = modules.flatMap(({ file, imports: all }) => all.map((to) => ({ from: file, to })))
const lines = (found: readonly { from: string; to: string }[]) => found.map(({ from, to }) => `${from} → ${to}`)

/** `accounts/api-keys/api.ts` → `accounts`; files at the top are rooms of their own. */
const roomOf = (file: string) => file.split('/')[0] ?? ''
/** Rooms whose folders are features, from the ground up (docs/architecture.md). */
const GROUPS = [
  'spaces',
  'access',
  'accounts',
  'address-books',
  'telephony',
  'provisioning',
  'self-service',
  'registration',
]
/** `access/api-keys`, or null outside the groups. */
const featureOf = (file: string): string | null => {
  const [room = '', feature = '', name] = file.split('/')
  return GROUPS.includes(room) && name !== undefined ? `${room}/${feature}` : null
}

/** The first ring that can be walked, as the files on it. */
const ring = (edges: readonly { from: string; to: string }[]): string[] => {
  const next = Map.groupBy(edges, ({ from }) => from)
  const done = new Set<string>()
  const walk = (node: string, path: readonly string[]): string[] => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node]
    if (done.has(node)) return []
    for (const { to } of next.get(node) ?? []) {
      const found = walk(to, [...path, node])
      if (found.length > 0) return found
    }
    done.add(node)
    return []
  }
  return [...next.keys()].map((node) => walk(node, [])).find((found) => found.length > 0) ?? []
}

describe('imports', () => {
  /** From the ground up; a room imports from its own line and from those above it here. */
  const FLOORS: readonly (readonly string[])[] = [
    ['protocols', 'errors.ts', 'messages', 'secrets.ts', 'program.ts', 'thrown.ts', 'unix-socket.ts'],
    ['config', 'db', 'logging'],
    ['nouns'],
    ['http', 'audit', 'outbox', 'outgoing', 'tasks', 'push', 'registrar', 'captcha', 'files'],
    ['panel', 'hooks', 'webhooks', 'mail', 'sms'],
    ['spaces'],
    ['access'],
    ['accounts'],
    ['address-books', 'telephony'],
    ['provisioning'],
    ['self-service'],
    ['registration'],
    ['administration', 'moving-in'],
    ['api-document', 'jobs'],
    ['services.ts'],
    ['app.ts'],
    ['process.ts'],
    ['cli'],
    ['main.ts'],
  ]
  const floorOf = (file: string) => FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)))

  test('every file is in a room that has its floor', () => {
    expect(modules.filter(({ file }) => floorOf(file) < 0).map(({ file }) => file)).toEqual([])
  })

  const mentions = modules.flatMap(({ file, mentions: all }) => all.map((to) => ({ from: file, to })))

  test('point down, never up, types among them', () => {
    const ours = mentions.filter(({ to }) => floorOf(to) >= 0)
    expect(lines(ours.filter(({ from, to }) => floorOf(to) > floorOf(from)))).toEqual([])
  })

  test('never form a ring of files, types among them', () => {
    expect(ring(mentions)).toEqual([])
  })

  test('of drizzle-orm are in db/ and in stores', () => {
    const allowed = (file: string) => roomOf(file) === 'db' || /^(.+-)?store\.ts$/.test(basename(file))
    const found = imports.filter(({ from, to }) => /^drizzle-orm(\/|$)/.test(to) && !allowed(from))
    expect(lines(found)).toEqual([])
    const typed = modules.filter(({ file, source }) => /from 'drizzle-orm/.test(source) && !allowed(file))
    expect(typed.map(({ file }) => file)).toEqual([])
  })

  test('leave the names of bound values to db/, which types them', () => {
    const found = modules.filter(({ file, source }) => /\bplaceholder\(/.test(source) && roomOf(file) !== 'db')
    expect(found.map(({ file }) => file)).toEqual([])
  })

  test('leave the first row, and whether there is one, to db/rows.ts', () => {
    const found = modules.filter(({ file, source }) => /store\.ts$/.test(file) && /\)\s*\[0\]/.test(source))
    expect(found.map(({ file }) => file)).toEqual([])
  })

  test('of a database driver are in db/, where all differences live', () => {
    const drivers = ['bun:sqlite', 'bun']
    const found = imports.filter(({ from, to }) => drivers.includes(to) && roomOf(from) !== 'db')
    // A backup copies the file of a database that nobody may have opened.
    expect(lines(found)).toEqual(['cli/backup.ts → bun:sqlite'])
  })

  test('of elysia are in app.ts, http/ and the routes and pages', () => {
    const allowed = (file: string) =>
      file === 'app.ts' || roomOf(file) === 'http' || /^(api|wire|pages)\.tsx?$/.test(basename(file))
    const found = modules.filter(({ file, source }) => /from 'elysia/.test(source) && !allowed(file))
    expect(found.map(({ file }) => file)).toEqual([])
  })

  test('of what the reply is made of are in http/, panel/ and app.ts: use cases see a Visit', () => {
    const allowed = (file: string) => file === 'app.ts' || ['http', 'panel'].includes(roomOf(file))
    expect(lines(mentions.filter(({ from, to }) => to === 'http/exchange.ts' && !allowed(from)))).toEqual([])
  })

  test('of HTTP, pages and the command line are not in stores', () => {
    const stores = imports.filter(({ from }) => /^(.+-)?store\.ts$/.test(basename(from)))
    expect(lines(stores.filter(({ to }) => ['http', 'panel', 'cli'].includes(roomOf(to))))).toEqual([])
  })
})

describe('a feature', () => {
  /** What others may call besides `<feature>.ts`: pure knowledge about its nouns, and parts of pages that show them. */
  const PUBLIC: Readonly<Record<string, readonly string[]>> = {
    'accounts/accounts': ['rules.ts', 'wire.ts'],
    'accounts/passwords': ['rules.ts'],
    'telephony/call-forwardings': ['wire.ts', 'forwarding-rows.tsx'],
    'telephony/statistics': ['call-log.ts', 'call-words.tsx'],
    'telephony/voicemails': ['recordings.tsx'],
  }
  /** What others may name in types as well. */
  const PUBLIC_TYPES: Readonly<Record<string, readonly string[]>> = {
    'spaces/spaces': ['directory.ts'],
  }
  const crossing = (from: string, to: string) => featureOf(to) !== null && featureOf(from) !== featureOf(to)
  const isPublic = (to: string, more: Readonly<Record<string, readonly string[]>> = {}) => {
    const feature = featureOf(to) ?? ''
    return [`${basename(feature)}.ts`, ...(PUBLIC[feature] ?? []), ...(more[feature] ?? [])].includes(basename(to))
  }
  const between = imports.filter(({ from, to }) => featureOf(from) !== null && crossing(from, to))

  test('is reached by another only through what it makes public', () => {
    expect(lines(between.filter(({ to }) => !isPublic(to)))).toEqual([])
  })

  test('lets others name no type of its store, routes or pages', () => {
    const named = modules
      .filter(({ file }) => featureOf(file) !== null)
      .flatMap(({ file, mentions }) => mentions.map((to) => ({ from: file, to })))
      .filter(({ from, to }) => crossing(from, to) && !isPublic(to, PUBLIC_TYPES))
    expect(lines(named)).toEqual([])
  })

  test('never meets itself again on the way', () => {
    expect(ring(between.map(({ from, to }) => ({ from: featureOf(from) ?? '', to: featureOf(to) ?? '' })))).toEqual([])
  })

  test('is mounted by app.ts and put together by services.ts: nothing else takes its routes', () => {
    const routes = imports.filter(({ to }) => featureOf(to) !== null && /^(api|pages)\.tsx?$/.test(basename(to)))
    expect(lines(routes.filter(({ from }) => from !== 'app.ts'))).toEqual([])
    const stores = imports.filter(({ from, to }) => crossing(from, to) && /^(.+-)?store\.ts$/.test(basename(to)))
    expect(lines(stores)).toEqual([])
  })

  test('has files whose names can be guessed', () => {
    const features = new Set(modules.map(({ file }) => featureOf(file)).filter((name) => name !== null))
    const shadows = [...features].filter((name) => /^(utils?|helpers?|common|lib|shared|misc)$/.test(name))
    expect(shadows).toEqual([])
    const rooms = new Set(modules.map(({ file }) => roomOf(file)))
    expect([...rooms].filter((name) => /^(utils?|helpers?|common|lib|shared|misc)(\.ts)?$/.test(name))).toEqual([])
  })
})

/** Who decides where each of these connects to: `operator`, by a setting or a command; `guarded`: a tenant does. */
const CONNECTING: Readonly<Record<string, string>> = {
  'captcha/hcaptcha.tsx': 'operator: HCAPTCHA_VERIFY_URL',
  'cli/healthcheck.ts': 'operator: our own server, by LISTEN',
  'cli/outside.ts': 'operator: the public addresses of Spaces, asked by doctor',
  'db/postgres.ts': 'operator: DATABASE_URL',
  'files/bucket.ts': 'operator: FILES_S3_ENDPOINT',
  'http/server.ts': 'operator: the socket that we listen on ourselves, by LISTEN',
  'logging/sockets.ts': 'operator: LOG_TARGET',
  'mail/driver.ts': 'operator: a program or a folder; the network is reached by smtp.ts',
  'mail/smtp.ts': 'guarded: nodemailer is handed connections of outgoing/connection.ts',
  'moving-in/source.ts': 'operator: the database that import:flexiapi names',
  'outgoing/connection.ts': 'guarded: the guard itself',
  'outgoing/exchange.ts': 'guarded: speaks HTTP over a connection that it is handed',
  'outgoing/outgoing.ts': 'guarded: speaks TLS over a connection of connection.ts',
  'push/apns.ts': 'operator: APNS_ENDPOINT, else Apple',
  'push/fcm.ts': 'operator: FCM_ENDPOINT, else Google',
  'push/google-account.ts': 'operator: what FCM_SERVICE_ACCOUNT_FILES name',
  'registrar/redis.ts': 'operator: REDIS_HOST, REDIS_URL and the sentinels',
  'sms/gateway.ts': 'operator: SMS_HTTP_URL, OVH_APP_ENDPOINT, SMS_TWILIO_URL',
  'unix-socket.ts': 'operator: a socket of this machine',
}

/** What is one entry after another, and found by its name. */
const LISTS = ['config/settings.ts', 'db/tables.ts']

test('a file has at most 400 lines, unless it is a list', () => {
  const long = modules.filter(({ source }) => source.trimEnd().split('\n').length > 400).map(({ file }) => file)
  expect(long).toEqual(LISTS)
})

test('from a route to a row it is at most five files', () => {
  const isRoute = (file: string) => /^(api|pages)\.tsx?$/.test(basename(file))
  const isStore = (file: string) => featureOf(file) !== null && /^(.+-)?store\.ts$/.test(basename(file))
  const files = new Map(modules.map((module) => [module.file, module]))
  const length = new Map(modules.filter(({ file }) => isRoute(file)).map(({ file }) => [file, 1]))
  // A map is walked with what is added to it meanwhile, so that the nearest come first.
  for (const [file, before] of length) {
    for (const to of files.get(file)?.mentions ?? []) if (!length.has(to)) length.set(to, before + 1)
  }
  const journeys = modules.filter(({ file }) => isStore(file)).map(({ file }) => ({ file, length: length.get(file) }))
  expect(journeys.length).toBeGreaterThan(30)
  expect(journeys.filter((journey) => journey.length !== undefined && journey.length > 5)).toEqual([])
})

test('passwords of accounts are compared and written in one room', () => {
  const touching = /\bisPassword\(|\.(?:insert|update|delete)\((?:db\.tables\.)?passwords\)/
  const found = modules.filter(({ source }) => touching.test(source)).map(({ file }) => file)
  expect(found).toEqual(['accounts/passwords/passwords.ts', 'accounts/passwords/store.ts'])
})

describe('what works in a transaction of its caller', () => {
  test('takes it as the first parameter, `tx`, or `on` where a reader will do', () => {
    const odd = modules.flatMap(({ file, source }) =>
      [...source.matchAll(/(\S)\s*\b(\w+): (?:Tx|Reader)\b/g)]
        .filter(([, before, name = '']) => before !== '(' || !['tx', 'on'].includes(name))
        .map(([found]) => `${file}: ${found}`),
    )
    // The database itself has a reader.
    expect(odd).toEqual(['db/db.ts: y read: Reader'])
  })

  test('is called by a plain verb, and holds what it keeps as it is', () => {
    const suffixed = /\b(\w+In(?:Tx)?|lock\w*)\(tx\b|\b(?:\w+In(?:Tx)?|lock\w*)(?: =|:) (?:async )?\(tx: Tx/g
    const odd = modules.flatMap(({ file, source }) =>
      [...source.matchAll(suffixed)].map(([found]) => `${file}: ${found}`),
    )
    expect(odd).toEqual([])
  })
})

describe('a group of features', () => {
  const between = modules
    .filter(({ file }) => featureOf(file) !== null)
    .flatMap(({ file, mentions }) => mentions.map((to) => ({ from: file, to })))
    .filter(({ to }) => featureOf(to) !== null)
  const readme = (group: string) => readFileSync(join(root, group, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ')
  const named = (text: string) => [...text.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name).sort()
  const membersOf = (group: string) =>
    [...new Set(modules.map(({ file }) => featureOf(file)).filter((feature) => feature?.startsWith(`${group}/`)))]
      .map((feature) => basename(feature ?? ''))
      .sort()

  test('names its members, each of them, in its README', () => {
    for (const group of GROUPS) {
      const [, members = ''] = /Members: (.*?)\./.exec(readme(group)) ?? []
      expect([group, named(members)]).toEqual([group, membersOf(group)])
    }
  })

  test('is entered through its door alone, which the README names', () => {
    for (const group of GROUPS) {
      const entered = between.filter(({ from, to }) => roomOf(to) === group && roomOf(from) !== group)
      const [, door = ''] = /Door: (.*?)\./.exec(readme(group)) ?? []
      const used = new Set(entered.map(({ to }) => basename(featureOf(to) ?? '')))
      expect([group, named(door)]).toEqual([group, [...used].sort()])
    }
  })

  test('has more to say to itself than to others', () => {
    const inside = between.filter(({ from, to }) => roomOf(from) === roomOf(to))
    expect(inside.length).toBeGreaterThan(between.length - inside.length)
  })

  test('is below a third of the code, like every other room', () => {
    const sizeOf = (some: readonly Module[]) => some.reduce((sum, { source }) => sum + source.split('\n').length, 0)
    const whole = sizeOf(modules)
    const rooms = Map.groupBy(modules, ({ file }) => roomOf(file))
    expect([...rooms].filter(([, some]) => sizeOf(some) * 3 >= whole).map(([room]) => room)).toEqual([])
  })
})

describe('the outside world', () => {
  /** Comments may speak of what the code must not do. */
  const code = ({ source }: Module) => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
  const using = (pattern: RegExp, allowed: (file: string) => boolean) =>
    modules.filter((module) => !allowed(module.file) && pattern.test(code(module))).map(({ file }) => file)

  test('is configured in config/ only', () => {
    expect(using(/\bprocess\.env\b|\bBun\.env\b|\bimport\.meta\.env\b/, (file) => roomOf(file) === 'config')).toEqual(
      [],
    )
  })

  test('gives its clock to the services: only the command line, which makes the world, reads it', () => {
    const clock = /\bnew Date\(\)|\bDate\.now\(\)|\bTemporal\.Now\b/
    // Draining is bounded by the real time, which no test turns.
    expect(using(clock, (file) => roomOf(file) === 'cli' || file === 'process.ts')).toEqual([])
  })

  test('gives its randomness to the services', () => {
    const random = /\brandom(Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b|\bMath\.random\b|\bgenerateKey/
    // The name of a request in the log, and that of a Firebase app inside the process: no secrets, and nothing is
    // decided by them.
    const names = ['http/exchange.ts', 'push/fcm.ts']
    expect(using(random, (file) => roomOf(file) === 'cli' || names.includes(file))).toEqual([])
  })

  test('is connected to from the files of this list alone, each of which says who chooses where to', () => {
    const clients =
      /(?<![.\w])fetch\((?!request: Request)|\bnode:(?:https?|http2|net|tls|dns|dgram)\b|\bBun\.(?:connect|udpSocket|dns|RedisClient|S3Client|SQL)\b|\bnew (?:WebSocket|EventSource)\b|from 'bun'|'(?:drizzle-orm\/bun-sql|nodemailer|firebase-admin|node-apn)\b/
    // Of `node:net` that compares addresses alone, and that names types.
    const harmless =
      /import (?:type )?\{(?: ?(?:type \w+|BlockList|isIP),?)+ \} from 'node:net'|import type .*|import\('node:\w+'\)\./g
    const found = modules
      .map((module) => ({ file: module.file, source: code(module).replace(harmless, '') }))
      .filter(({ source }) => clients.test(source))
      .map(({ file }) => file)
    expect(found).toEqual(Object.keys(CONNECTING))
  })

  test('reads addresses and roles that are made in one place', () => {
    const address = /\busername\}@\$\{/
    expect(using(address, (file) => file === 'protocols/sip-address.ts')).toEqual([])
    const role = /\badmin\b[^\n]*\?[^\n]*'super'/
    expect(using(role, (file) => file === 'nouns/caller.ts')).toEqual([])
  })

  test('is told of a refused member in two ways: with others by an Input, alone by `invalid`', () => {
    const places = ['errors.ts', 'http/input.ts']
    expect(using(/'errors\.invalid'/, (file) => places.includes(file))).toEqual([])
  })

  test('hears of a request through one writer of security records', () => {
    const record = /\.security\((?:[^()]|\([^()]*\))*\b(?:visit|exchange)\.(?:address|id|userAgent)\b/
    expect(using(record, (file) => file === 'nouns/security-record.ts')).toEqual([])
  })

  test('gets and shows its cookies in one file', () => {
    const made = /\b(HttpOnly|Max-Age|SameSite)\b|headers\.get\('cookie'\)|from 'cookie'/
    expect(using(made, (file) => file === 'http/cookies.ts')).toEqual([])
    // One parser in the executable: ours is the one that Elysia brings.
    const theirs = Bun.resolveSync('cookie', dirname(Bun.resolveSync('elysia', root)))
    expect(Bun.resolveSync('cookie', root)).toBe(theirs)
  })

  test('gets nothing but log lines and answers of commands', () => {
    const printing = /\bconsole\.\w+\(|\bprocess\.std(out|err)\.write\b/
    expect(using(printing, (file) => ['cli', 'logging'].includes(roomOf(file)))).toEqual([])
  })

  test('ends the process from main.ts only', () => {
    expect(using(/\bprocess\.exit\(|\bprocess\.abort\(/, (file) => file === 'main.ts')).toEqual([])
  })
})

test('importing a module does nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-imports-'))
  const files = modules.map(({ file }) => file).filter((file) => file !== 'main.ts')
  const script = `
    import { readdirSync, readlinkSync } from 'node:fs'
    const done = []
    const watch = (owner, name) => {
      const original = owner[name]
      owner[name] = (...args) => {
        if (new Error().stack.includes(${JSON.stringify(`${root}/`)})) done.push(name)
        return original.apply(owner, args)
      }
    }
    for (const name of ['setInterval', 'setTimeout', 'setImmediate', 'fetch']) watch(globalThis, name)
    for (const name of ['serve', 'listen', 'connect', 'spawn', 'spawnSync', 'write']) watch(Bun, name)
    const listeners = () => process.eventNames().map((name) => name + ' ' + process.listenerCount(name)).sort()
    const open = () => readdirSync('/proc/self/fd').flatMap((fd) => {
      try { return [readlinkSync('/proc/self/fd/' + fd)] } catch { return [] }
    }).filter((target) => target.startsWith('socket:') || (target.startsWith('/') && !/^\\/(proc|dev)\\//.test(target))).sort()
    const before = { listeners: listeners(), open: open() }
    for (const file of ${JSON.stringify(files.map((file) => join(root, file)))}) await import(file)
    const after = { listeners: listeners(), open: open() }
    console.log(JSON.stringify({ before, after, done }))
  `
  const child = Bun.spawn([process.execPath, `--tsconfig-override=${join(root, '../tsconfig.json')}`, '-e', script], {
    cwd: folder,
    env: { HOME: folder, PATH: '/usr/bin:/bin', BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  // Whatever listens or ticks keeps the process from ending by itself.
  const killer = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  clearTimeout(killer)
  expect([code, stderr]).toEqual([0, ''])
  const { before, after, done } = JSON.parse(stdout)
  expect(after).toEqual(before)
  expect(done).toEqual([])
  expect(readdirSync(folder)).toEqual([])
  rmSync(folder, { recursive: true })
}, 60_000)

describe('routes', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await testApp()
  })
  afterAll(() => app.close())

  const routesOf = () =>
    app.routes.routes.map(({ method, path, hooks }) => ({
      name: `${method} ${path}`,
      security: (hooks as { detail?: { security?: unknown } } | undefined)?.detail?.security,
    }))

  test('each name their caller: `requires` a role, `signedIn` with one, or `open`', () => {
    const routes = routesOf()
    expect(routes.length).toBeGreaterThan(20)
    expect(routes.filter(({ security }) => !Array.isArray(security)).map(({ name }) => name)).toEqual([])
  })

  test('are declared once', () => {
    const names = routesOf().map(({ name }) => name.replaceAll(/:\w+/g, ':parameter'))
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })
})

describe('messages', () => {
  const catalogues: Readonly<Record<string, Readonly<Record<string, string>>>> = { en, fr }
  const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
  const baseOf = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '')

  test('are the same in every language, and none is blank', () => {
    for (const catalogue of Object.values(catalogues)) {
      expect(Object.keys(catalogue).sort()).toEqual(Object.keys(en).sort())
      expect(Object.entries(catalogue).filter(([, text]) => text.trim() === '')).toEqual([])
    }
  })

  test('carry the same values in every language', () => {
    for (const [key, text] of Object.entries(en)) {
      expect([key, placeholders(fr[key as keyof typeof fr])]).toEqual([key, placeholders(text)])
    }
  })

  test('are all used', () => {
    const source = modules.map((module) => module.source).join('\n')
    const written = new Set([...source.matchAll(/'([a-z_]+(?:\.\w+)+)'/g)].map(([, id]) => id))
    // `v.ini_${problem}` names a family.
    const families = [...source.matchAll(/`([a-z_]+\.\w*)\$\{/g)].map(([, start = '']) => start)
    const unused = Object.keys(en)
      .map(baseOf)
      .filter((id) => !written.has(id) && !families.some((start) => id.startsWith(start)))
    expect(unused).toEqual([])
  })
})

describe('a test', () => {
  /** Where the `expect(` begins whose promise is looked at here; the argument may be of any length. */
  const startOf = (source: string, end: number) => {
    let depth = 0
    for (let at = end; at >= 0; at -= 1) {
      if (source[at] === ')') depth += 1
      if (source[at] === '(') depth -= 1
      if (depth === 0) return source.lastIndexOf('expect', at)
    }
    return 0
  }

  test('waits for each promise that it expects something of', () => {
    const folder = join(root, '../test')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
    const forgotten = files.flatMap((file) => {
      const source = readFileSync(join(folder, file), 'utf8')
      return [...source.matchAll(/\)(?=\s*\.(?:resolves|rejects)\b)/g)]
        .map(({ index }) => startOf(source, index))
        .filter((start) => !/\b(await|return)\s+$/.test(source.slice(0, start)))
        .map((start) => `${file}: ${source.slice(start, start + 60)}`)
    })
    expect(forgotten).toEqual([])
  })
})

test('every security event is written by somebody', () => {
  const source = modules.filter(({ file }) => !file.endsWith('security-events.ts')).map((module) => module.source)
  expect(SECURITY_EVENTS.filter((event) => !source.some((text) => text.includes(`'${event}'`)))).toEqual([])
})

test('no exported name is used nowhere', () => {
  const folders = ['src', 'test', 'bench', 'scripts', 'drizzle'].map((name) => join(root, '..', name))
  const words = new Map<string, number>()
  for (const folder of folders) {
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!/\.tsx?$/.test(file)) continue
      for (const [word] of readFileSync(join(folder, file), 'utf8').matchAll(/[A-Za-z_$][\w$]*/g)) {
        words.set(word, (words.get(word) ?? 0) + 1)
      }
    }
  }
  // The type of a factory (`export type Outbox = ReturnType<typeof outbox>`) may be there before somebody names it.
  const declared =
    /^export (?!type \w+ = ReturnType<)(?:declare )?(?:async )?(?:const|let|function|class|interface|type|enum) (\w+)/gm
  const unused = modules.flatMap(({ file, source }) =>
    [...source.matchAll(declared)]
      .map(([, name = '']) => name)
      .filter((name) => words.get(name) === 1)
      .map((name) => `${relative('.', file)}: ${name}`),
  )
  expect(unused).toEqual([])
})
