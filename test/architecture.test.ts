import { expect, test } from 'bun:test'
import { dirname, join, relative } from 'node:path'
import { Glob } from 'bun'
import en from '../src/messages/en.json' with { type: 'json' }
import fr from '../src/messages/fr.json' with { type: 'json' }
import { testApp } from './support/app.ts'

const root = join(import.meta.dir, '..')
const files = [...new Glob('src/**/*.{ts,tsx}').scanSync(root)].filter((file) => !file.endsWith('.d.ts')).sort()
const source = Object.fromEntries(
  await Promise.all(files.map(async (file) => [file, await Bun.file(join(root, file)).text()] as const)),
)

interface Import {
  readonly from: string
  readonly to: string
}

/** What is needed at run time; imports of types alone are free. */
const imports: Import[] = files.flatMap((file) =>
  [...(source[file] ?? '').matchAll(/^(?:import|export) (?!type )([^'"]*? from )?['"]([^'"]+)['"]/gms)]
    .filter(([, names = '']) => !/^\{(\s*type [^,}]+,?)+\s*\} from $/s.test(names))
    .map(([, , to = '']) => ({
      from: file,
      to: to.startsWith('.') ? relative(root, join(root, dirname(file), to)) : to,
    })),
)

test('the imports of the source are really read', () => {
  expect(imports.length).toBeGreaterThan(200)
  expect(imports.filter(({ to }) => to.startsWith('src/features/')).length).toBeGreaterThan(20)
})

const offenders = (isWrong: (edge: Import) => boolean) =>
  imports.filter(isWrong).map(({ from, to }) => `${from} → ${to}`)

test('drizzle-orm appears only in db/ and in stores', () => {
  expect(offenders(({ from, to }) => to.startsWith('drizzle-orm') && !/^src\/db\/|store\.ts$/.test(from))).toEqual([])
})

test('elysia appears only where routes are made', () => {
  const allowed = /^src\/(app\.ts|http\/|panel\/)|\/(api|pages)\.tsx?$/
  expect(offenders(({ from, to }) => to === 'elysia' && !allowed.test(from))).toEqual([])
})

/** The files of a feature that others may reach: named for it, or for the values that all share. */
const isPublic = (file: string) => {
  const [, , feature = '', name = ''] = file.split('/')
  const shared = [
    'space.ts',
    'directory.ts',
    'administration.ts',
    'administrators.ts',
    'housekeeping.ts',
    'caller.ts',
    'rules.ts',
    'nonces.ts',
  ]
  return name === `${feature}.ts` || shared.includes(name)
}

const featureOf = (file: string) => /^src\/features\/([^/]+)\//.exec(file)?.[1] ?? null

test('a feature reaches another only through its public files', () => {
  const isWrong = ({ from, to }: Import) => {
    const [own, other] = [featureOf(from), featureOf(to)]
    return own !== null && other !== null && own !== other && !isPublic(to)
  }
  expect(offenders(isWrong)).toEqual([])
})

test('features do not need each other in a ring', () => {
  const needs = new Map<string, Set<string>>()
  for (const { from, to } of imports) {
    const [own, other] = [featureOf(from), featureOf(to)]
    if (own === null || other === null || own === other) continue
    needs.set(own, (needs.get(own) ?? new Set()).add(other))
  }
  const reaches = (start: string, goal: string, seen = new Set<string>()): boolean =>
    [...(needs.get(start) ?? [])].some(
      (next) => next === goal || (!seen.has(next) && reaches(next, goal, seen.add(next))),
    )
  expect([...needs.keys()].filter((feature) => reaches(feature, feature))).toEqual([])
})

test('imports point down: main → cli → process, services, app → features → http, panel → db → config → protocols', () => {
  const rank = (file: string) => {
    const order = [
      /^src\/main\.ts$/,
      /^src\/cli\//,
      /^src\/process\.ts$/,
      /^src\/app\.ts$/,
      /^src\/services\.ts$/,
      /^src\/features\//,
      /^src\/(http|panel|outbox|push|captcha|jobs)\//,
      /^src\/db\//,
      /^src\/(logging|secrets\.ts)/,
      /^src\/config\//,
      /^src\/(protocols|messages|errors\.ts)/,
    ]
    return order.findIndex((pattern) => pattern.test(file))
  }
  // The front and the Visit know what a Space is: its values, none of its rules.
  const values = /features\/(spaces\/space|authentication\/caller)\.ts$/
  const isWrong = ({ from, to }: Import) =>
    to.startsWith('src/') && rank(to) >= 0 && rank(to) < rank(from) && !values.test(to)
  expect(offenders(isWrong)).toEqual([])
})

test('the environment is read only in config/', () => {
  expect(
    files.filter((file) => !file.startsWith('src/config/') && /process\.env|Bun\.env/.test(source[file] ?? '')),
  ).toEqual([])
})

test('clocks and randomness come from outside', () => {
  const allowed = /^src\/(cli|config|logging|http\/metrics|process)/
  const pattern = /new Date\(\)|Date\.now\(\)|randomBytes\(|Math\.random\(/
  expect(files.filter((file) => !allowed.test(file) && pattern.test(source[file] ?? ''))).toEqual([])
})

test('importing a module does nothing', () => {
  const script = `for (const file of ${JSON.stringify(files.filter((file) => file !== 'src/main.ts' && file !== 'src/config/document.ts'))}) await import(${JSON.stringify(`${root}/`)} + file); process.stdout.write(String(process._getActiveHandles?.().filter((h) => h.fd === undefined || h.fd > 2).length ?? 0))`
  const child = Bun.spawnSync([process.execPath, '-e', script], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent' },
  })
  expect([child.exitCode, child.stderr.toString(), child.stdout.toString()]).toEqual([0, '', '0'])
})

test('every route names its caller', async () => {
  const t = await testApp()
  const nameless = t.routes.routes
    .filter(({ method }) => method !== 'OPTIONS')
    .filter(({ hooks }) => !Array.isArray(hooks.detail?.security))
    .map(({ method, path }) => `${method} ${path}`)
  expect(nameless).toEqual([])
  await t.close()
})

test('every language has every message, with the same placeholders', () => {
  const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
  expect(Object.keys(fr)).toEqual(Object.keys(en))
  for (const [id, text] of Object.entries(en)) {
    expect([id, placeholders(fr[id as keyof typeof fr])]).toEqual([id, placeholders(text)])
  }
})

test('no message is unused', () => {
  const all = Object.values(source).join('\n')
  const unused = Object.keys(en).filter((id) => {
    if (/^attr\.|^v\.ini_/.test(id)) return false
    return !all.includes(`'${id.replace(/_(one|other)$/, '')}'`)
  })
  expect(unused).toEqual([])
})
