import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { testFolder } from '../support/folder.ts'
import { startS3 } from '../support/s3.ts'
import { form, wav } from '../support/voice.ts'

// Voicemails in a bucket (docs/operations.md), of a server that speaks S3.

let s3: Awaited<ReturnType<typeof startS3>>
beforeAll(async () => {
  s3 = await startS3()
})
afterAll(() => s3.close())

let t: TestApp
let folder: string
let admin: TestAccount
let alice: TestAccount
const start = async (env: Record<string, string> = {}) => {
  folder = mkdtempSync(join(testFolder, 'bucket-'))
  t = await testApp({ env: { DATA_DIR: folder, APP_API_KEY_EXPIRATION_MINUTES: '0', ...s3.env, ...env } })
  admin = await t.account({ username: 'admin', admin: true })
  alice = await t.account({ username: 'alice', email: 'alice@example.org' })
}
const stop = async () => {
  await t.close()
  rmSync(folder, { recursive: true, force: true })
}

const slot = async () =>
  (await t.post('/api/accounts/me/voicemails', { as: alice, body: { content_type: 'audio/wav' } })).json
const upload = (id: string, file = wav(2)) => t.post(`/api/files/${id}`, { as: admin, ...form(file) })
const leave = async (file = wav(2)) => (await upload((await slot()).id, file)).json
const names = async () => ((await s3.bucket.list({})).contents ?? []).map(({ key }) => key)
const drafts = () => readdirSync(join(folder, 'files', 'drafts'))
const at = (link: string) => link.replace(/^https?:\/\/[^/]+/, '')
const rows = () => t.db.read.select().from(t.db.tables.voicemails)

describe('a bucket', () => {
  beforeEach(() => start())
  afterEach(async () => {
    for (const name of await names()) await s3.bucket.delete(name)
    await stop()
  })

  test('takes a file under the name that a folder would give it, and nothing of it stays here', async () => {
    const { size } = await leave(wav(60))
    const [row] = await rows()
    const name = `files/${row?.storedAs?.slice(0, 2)}/${row?.storedAs}`
    expect([await names(), drafts()]).toEqual([[name], []])
    expect((await s3.bucket.stat(name)).type).toBe('audio/wav')
    expect(Buffer.from(await s3.bucket.file(name).arrayBuffer()).equals(wav(60))).toBe(true)
    expect(size).toBe(wav(60).length)
  })

  test('gives it whole and in stretches, and says its length to HEAD', async () => {
    const link = at((await leave()).download_url)
    const size = wav(2).length
    const whole = await t.get(link)
    expect([whole.status, whole.headers.get('content-length'), whole.text.length]).toEqual([200, String(size), size])
    const part = await t.get(link, { headers: { range: 'bytes=8-11' } })
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, 'WAVE', `bytes 8-11/${size}`])
    expect((await t.send('HEAD', link)).headers.get('content-length')).toBe(String(size))
  })

  test('loses it with the voicemail, and with the account', async () => {
    const first = await leave()
    await leave()
    await t.delete(`/api/accounts/me/voicemails/${first.id}`, { as: alice })
    expect(await names()).toHaveLength(1)
    await t.delete(`/api/accounts/${alice.id}`, { as: admin })
    expect(await t.parts.voicemails.removeDisowned()).toBe(1)
    expect([await names(), await rows()]).toEqual([[], []])
  })

  test('is swept of what nothing names, and keeps what is none of ours', async () => {
    const { id } = await leave()
    const orphan = 'files/ab/ab1c2d3e-4f50-4a61-8b72-9c83ad94be05'
    for (const name of [orphan, 'files/ab/notes.txt', 'other/ab/ab1c2d3e-4f50-4a61-8b72-9c83ad94be05']) {
      await s3.bucket.write(name, 'x')
    }
    t.clock.now = new Date(Date.now() + 25 * 3_600_000)
    expect(await t.parts.voicemails.removeOrphans()).toBe(1)
    expect(await names()).toHaveLength(3)
    expect(await names()).not.toContain(orphan)
    expect((await t.get(`/api/accounts/me/voicemails/${id}`, { as: alice })).status).toBe(200)
  })

  test('of which a file is gone answers 404', async () => {
    const link = at((await leave()).download_url)
    for (const name of await names()) await s3.bucket.delete(name)
    expect((await t.get(link)).status).toBe(404)
  })

  test('that two processes use gives each what the other was sent', async () => {
    const { download_url: link } = await leave()
    const key = (await rows())[0]?.storedAs ?? ''
    const elsewhere = mkdtempSync(join(testFolder, 'bucket-'))
    const other = await testApp({ env: { DATA_DIR: elsewhere, ...s3.env } })
    expect((await other.parts.files.find(key))?.size).toBe(wav(2).length)
    expect((await t.get(at(link))).status).toBe(200)
    await other.close()
    rmSync(elsewhere, { recursive: true, force: true })
  })
})

test('a bucket that does not answer is 503 for an upload, fills no slot, and doctor is told', async () => {
  await start({ FILES_S3_ENDPOINT: 'http://127.0.0.1:9' })
  const { id } = await slot()
  const refused = await upload(id)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30'])
  expect([(await rows())[0]?.storedAs, drafts()]).toEqual([null, []])
  expect(await t.parts.files.check()).toMatchObject({ name: 'files', ok: false })
  await stop()
})

test('a bucket that refuses the signature is 503, stores nothing, and doctor is told; so it is with another region', async () => {
  s3.refused.length = 0
  for (const [wrong, code] of [
    [{ FILES_S3_SECRET_ACCESS_KEY: 'guessed' }, 'SignatureDoesNotMatch'],
    [{ FILES_S3_ACCESS_KEY_ID: 'SOMEBODY' }, 'InvalidAccessKeyId'],
    [{ FILES_S3_REGION: 'eu-west-3' }, 'InvalidAccessKeyId'],
  ] as const) {
    await start(wrong)
    const { id } = await slot()
    expect((await upload(id)).status).toBe(503)
    expect([(await rows())[0]?.storedAs, drafts(), await names()]).toEqual([null, [], []])
    expect(await t.parts.files.check()).toMatchObject({ name: 'files', ok: false })
    expect(new Set(s3.refused.splice(0))).toEqual(new Set([code]))
    await stop()
  }
})

test('the server of these tests refuses a body that is not the signed one, and a link that was changed', async () => {
  s3.refused.length = 0
  const link = s3.bucket.presign('files/ab/x', { method: 'PUT', expiresIn: 60 })
  const put = async (url: string) => (await fetch(url, { method: 'PUT', body: 'x' })).status
  expect([await put(link), await put(link.replace('/ab/', '/ac/'))]).toEqual([200, 403])
  expect(s3.refused).toEqual(['SignatureDoesNotMatch'])
  expect(await names()).toEqual(['files/ab/x'])
  await s3.bucket.delete('files/ab/x')
})

test('a bucket that does not exist is 503 as well', async () => {
  await start({ FILES_S3_BUCKET: 'nowhere' })
  expect((await upload((await slot()).id)).status).toBe(503)
  expect((await rows())[0]?.storedAs).toBeNull()
  await stop()
})
