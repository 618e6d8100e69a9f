import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { place, placeWithSpace, serve, sipkeeper } from './command.ts'

test('openapi tells what is wrong with the configuration instead of a document', async () => {
  await using here = await place()
  const { code, stdout } = await sipkeeper(['openapi'], here, { env: { LOG_LEVEL: 'loud' } })
  expect([code, stdout]).toEqual([78, ''])
})

test('openapi prints what the server serves', async () => {
  await using here = await placeWithSpace()
  await using server = await serve(here)
  const served = await (await fetch(`${server.base}/api/openapi.json`)).json()
  const { code, stdout } = await sipkeeper(['openapi', '--server', server.base], here)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual(served)
})

test('openapi needs no database, and leaves nothing behind', async () => {
  await using here = await place()
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere', BASE_PATH: '/accounts', TMPDIR: here.folder }
  const { code, stdout } = await sipkeeper(['openapi'], here, { env })
  expect([code, JSON.parse(stdout).servers, readdirSync(here.folder)]).toEqual([0, [{ url: '/accounts' }], []])
})
