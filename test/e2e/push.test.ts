import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { PushMessage } from '../../src/push/sender.ts'
import { fakeApns, fakeGoogle, verifiedJwt, workshop } from '../push/fakes.ts'

const shop = workshop()
afterAll(() => shop.remove())

const FLAGS = ['--compile', '--production', '--bytecode', '--minify', '--format=esm']
const SAFE = ['--no-compile-autoload-bunfig', '--no-compile-autoload-dotenv']

test('a compiled executable sends through APNs, FCM and a program', async () => {
  const executable = join(shop.directory, 'pushes')
  const source = join(import.meta.dir, '../push/program.ts')
  const build = Bun.spawnSync([process.execPath, 'build', ...FLAGS, ...SAFE, source, '--outfile', executable])
  expect(build.exitCode, build.stderr.toString()).toBe(0)

  const apple = await fakeApns(shop)
  const google = await fakeGoogle(shop)
  const run = async (messages: readonly Partial<PushMessage>[], more: Record<string, string> = {}) => {
    const env = {
      APNS_KEY_FILE: shop.p8('one.p8'),
      APNS_KEY_ID: 'KEYONE1234',
      APNS_TEAM_ID: 'ABCDE12345',
      APNS_ENDPOINT: `localhost:${apple.fake.port}`,
      FCM_SERVICE_ACCOUNT_FILES: shop.serviceAccount('project-one', google.fake.tokenUri),
      FCM_ENDPOINT: `localhost:${google.fake.port}`,
      PUSH_CA_FILE: shop.file('tls.pem'),
      ...more,
    }
    const whole = messages.map((message) => ({ type: 'background', payload: { token: 't' }, callId: null, ...message }))
    const child = Bun.spawn([executable, JSON.stringify(whole)], { env, cwd: '/', stdout: 'pipe', stderr: 'pipe' })
    const [text, log] = await Promise.all([new Response(child.stderr).text(), new Response(child.stdout).text()])
    expect(await child.exited, text).toBe(0)
    return { ...JSON.parse(text), log }
  }
  const toApple = { provider: 'apns', param: 'ABCDE12345.org.linphone.phone.voip', prid: 'aa11' } as const
  const toGoogle = { provider: 'fcm', param: 'project-one', prid: 'x:y' } as const

  const good = await run([toApple, toGoogle, { ...toApple, type: 'call' }])
  expect(good.results).toEqual(['sent', 'sent', 'sent'])
  expect(good.checks.map(({ ok }: { ok: boolean }) => ok)).toEqual([true, true])
  const token = String(apple.fake.requests[0]?.headers.authorization).slice('bearer '.length)
  expect(verifiedJwt(token, shop.file('one.p8.public')).isGood).toBe(true)
  expect(apple.fake.requests.map(({ headers }) => headers['apns-topic'])).toEqual([
    'org.linphone.phone',
    'org.linphone.phone.voip',
  ])
  expect(google.fake.requests[0]?.body.message.data.token).toBe('t')
  if (process.env.SHOW_PUSH_MEMORY !== undefined) process.stdout.write(`${JSON.stringify(good)}\n`)

  apple.fake.answers = [{ status: 410, reason: 'Unregistered' }, 'hang', 'hang', { status: 200 }]
  google.fake.answers = ['hang', { status: 200, body: { name: 'x' } }]
  const bad = await run([toApple, toApple, toApple, toGoogle, toGoogle])
  expect(bad.results).toEqual(['push.failed', 'push.failed', 'sent', 'push.failed', 'sent'])
  expect(bad.log).toContain('"reason":"unregistered"')

  // Minified, the library is still kept from asking again by itself.
  google.fake.answers = ['die', 'die', { status: 200, body: { name: 'x' } }]
  const asked = google.fake.requests.length
  expect((await run([toGoogle])).results).toEqual(['push.failed'])
  expect(google.fake.requests).toHaveLength(asked + 2)

  const program = { APP_FLEXISIP_PUSHER_PATH: shop.program('pusher', 'exit 0') }
  expect((await run([toGoogle], program)).results).toEqual(['sent'])
  expect(shop.argv().slice(0, 2)).toEqual(['--pn-provider', 'fcm'])
  apple.stop()
  google.stop()
}, 60_000)
