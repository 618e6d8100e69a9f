import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { smtpServer } from '../mail/smtp.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// What a Space is connected to: its mail server, its address books (behaviour/panel.md §7.17).

let t: TestApp
let boss: ReturnType<typeof visitor>

beforeEach(async () => {
  const mail = {
    MAIL_SPACE_HOSTS_ALLOW: 'localhost,127.0.0.1',
    MAIL_FROM_ADDRESS: 'sip@example.org',
    MAIL_DRIVER: 'smtp',
  }
  t = await testApp({ env: mail })
  const { username, password } = await t.account({
    username: 'boss',
    admin: true,
    space: t.other,
    email: 'boss@other.example',
  })
  boss = visitor(t, { host: 'other.localhost' })
  await boss.open('/login')
  await boss.submit({ username, password })
})
afterEach(async () => {
  await t.parts.mail.close()
  await t.close()
})

const sent = async (path: string, fields: Record<string, string>) => {
  await boss.open(path)
  return boss.submit(fields)
}

describe('the mail server of a Space', () => {
  const PATH = '/admin/spaces/me/email'
  const WANTED = { host: '127.0.0.1', port: '587', encryption: 'starttls', verify_certificate: '1' }
  const stored = () => t.parts.spaceEmailServers.find(t.other)

  test('is refused with each fault at its field, and where Spaces may not go', async () => {
    const refused = await sent(PATH, { host: '10.0.0.1', port: '0', from_address: 'nobody' })
    expect(refused.status).toBe(422)
    expect(refused.text.match(/aria-invalid="true"/g)?.length).toBe(3)
    expect(await stored()).toBeNull()
  })

  test('is set up and changed; its password stays, is never shown, and another host needs it again', async () => {
    expect((await sent(PATH, { ...WANTED, username: 'mailer', password: 'correct-horse' })).status).toBe(302)
    const first = await stored()
    expect(first).toMatchObject({ host: '127.0.0.1', encryption: 'starttls', verifyCertificate: true })
    const page = await boss.open(PATH)
    expect([page.text.includes('correct-horse'), words(page).includes('A password is kept')]).toEqual([false, true])
    await boss.submit({ ...WANTED, password: '', from_name: 'Other', verify_certificate: '0' })
    expect(await stored()).toMatchObject({ password: first?.password, fromName: 'Other', verifyCertificate: false })
    const moved = await sent(PATH, { ...WANTED, host: 'localhost.example', password: '' })
    expect([moved.status, (await stored())?.host]).toEqual([422, '127.0.0.1'])
    await sent(PATH, { ...WANTED, username: '', password: '' })
    expect(await stored()).toMatchObject({ username: null, password: null })
    await boss.open('/admin/spaces/me/email/delete')
    expect((await boss.submit()).headers.get('location')).toBe('/admin/spaces/me/integration')
    expect(await stored()).toBeNull()
  })

  test('that somebody else has changed meanwhile is not overwritten', async () => {
    await boss.open(PATH)
    const other = visitor(t, { host: 'other.localhost' })
    for (const [name, value] of boss.cookies) other.cookies.set(name, value)
    await other.open(PATH)
    await other.submit(WANTED)
    const stale = await boss.submit({ ...WANTED, port: '25' })
    expect([stale.status, words(stale).includes('Somebody else changed this')]).toEqual([422, true])
    expect((await stored())?.port).toBe(587)
  })

  test('is tried with a mail to the administrator, and says what was spoken where that fails', async () => {
    await using smtp = await smtpServer({ login: { user: 'mailer', password: 'correct-horse' } })
    const here = { host: '127.0.0.1', port: String(smtp.port), encryption: 'none', username: 'mailer' }
    await sent(PATH, { ...here, password: 'wrong-horse' })
    await boss.open(PATH)
    const failed = await boss.submit({}, { form: '/admin/spaces/me/email/test' })
    expect(failed.status).toBe(422)
    const where = `127.0.0.1:${smtp.port}`
    for (const said of ['C: AUTH', 'S: 535', `${where} does not accept the user name and the password. “535”`]) {
      expect(words(failed)).toContain(said)
    }
    await boss.open(PATH)
    const french = { form: '/admin/spaces/me/email/test', headers: { 'accept-language': 'fr' } }
    expect(words(await boss.submit({}, french))).toContain(
      `${where} n’accepte pas le nom d’utilisateur et le mot de passe. « 535 »`,
    )
    expect(failed.text).not.toContain('wrong-horse')
    await sent(PATH, { ...here, password: 'correct-horse' })
    await boss.open(PATH)
    const left = await boss.submit({}, { form: '/admin/spaces/me/email/test' })
    expect([left.status, left.headers.get('location')]).toEqual([302, PATH])
    expect(smtp.received.map(({ envelope }) => envelope.to)).toEqual([['boss@other.example']])
    // Nobody listens there any more: the sentence is ours, and what the system says of it stands beside it.
    await smtp.close()
    await boss.open(PATH)
    const away = words(await boss.submit({}, french))
    expect(away).toContain(`Pas de connexion à ${where}`)
    expect(away).toContain('ECONNREFUSED')
    expect(away).not.toContain('does not answer')
  })
})

describe('the address books of a Space', () => {
  const stored = async () => (await t.parts.spaces.byDomain(t.other.domain))?.carddavServers ?? []
  const WANTED = {
    uri: 'https://dav.other.example/',
    min_characters: '3',
    results_limit: '0',
    timeout: '5',
    delay: '500',
  }

  test('are refused with each fault at its field', async () => {
    const refused = await sent('/admin/spaces/me/carddavs/create', {
      ...WANTED,
      uri: 'dav',
      delay: '5',
      fields_for_domain: 'wrong _ data',
    })
    expect([refused.status, refused.text.match(/aria-invalid="true"/g)?.length]).toEqual([422, 3])
    expect(await stored()).toEqual([])
  })

  test('are added, listed, changed unless somebody else was there first, and removed after a question', async () => {
    const fields = { ...WANTED, enabled: '1', fields_for_user_input: 'FN, NICKNAME', results_limit: '20' }
    expect((await sent('/admin/spaces/me/carddavs/create', fields)).status).toBe(302)
    const [book] = await stored()
    expect(book).toMatchObject({ enabled: true, resultsLimit: 20, fieldsForUserInput: 'FN,NICKNAME' })
    expect(words(await boss.open('/admin/spaces/me/integration'))).toContain('0 accounts have credentials')
    const path = `/admin/spaces/me/carddavs/${book?.id}`
    await boss.open(`${path}/edit`)
    await boss.submit({ delay: '700' }, { stay: true })
    expect((await boss.submit({ delay: '900' })).status).toBe(422)
    expect((await stored())[0]).toMatchObject({ delay: 700, enabled: true })
    expect((await boss.open('/admin/spaces/me/carddavs/999/edit')).status).toBe(404)
    await boss.open(`${path}/delete`)
    await boss.submit()
    expect(await stored()).toEqual([])
  })
})
