import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SQL } from 'bun'
import { laravelKey } from '../../src/moving-in/laravel.ts'
import type { MovingWishes } from '../../src/moving-in/moving-in.ts'
import { openSource } from '../../src/moving-in/source.ts'
import type { Space } from '../../src/nouns/space.ts'
import { begin, databaseOf, place, placeWithSpace, serve, sipkeeper } from '../cli/command.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'
import { hasProgram, type Installation } from '../support/executable.ts'
import { startMariadb, type TestMariadb, type TestSchema } from '../support/mariadb.ts'
import { picture } from '../support/picture.ts'
import { ADMIN_KEY, DOMAIN, HA1, referenceRows, TOKEN, VOICEMAIL } from '../support/reference-rows.ts'
import { insertion, referenceSchema, type Version } from '../support/reference-schema.ts'
import { wav } from '../support/voice.ts'

const isThere = hasProgram('mariadbd')
let mariadb: TestMariadb
let databases = 0

beforeAll(async () => {
  if (isThere) mariadb = await startMariadb()
})
afterAll(() => mariadb?.stop())

const emptyReference = async (): Promise<TestSchema & AsyncDisposable> => {
  databases += 1
  const made = await mariadb.database(`reference_${databases}`)
  return { ...made, [Symbol.asyncDispose]: made.close }
}

const reference = async (version: Version, collation?: string) => {
  const made = await emptyReference()
  await made.run(referenceSchema(version, 'mysql', collation))
  await made.run(referenceRows(version))
  return made
}

const importing = (made: Installation, url: string, ...more: string[]) =>
  sipkeeper(['import:flexiapi', url, ...more], made)

/** All that is in a database of ours, but for the places of rows in the audit log's chain. */
const everything = async (made: Installation) => {
  await using ours = databaseOf(made)
  const found: Record<string, unknown> = {}
  for (const table of ['spaces', 'accounts', 'passwords', 'contacts', 'statistics_hours', 'audit_log', 'api_keys']) {
    found[table] = await ours.query(`select count(*) as n from ${table}`)
  }
  return found
}

const NOTHING = { n: 0 }
const count = async (made: Installation, table: string) => {
  await using ours = databaseOf(made)
  const [found = NOTHING] = await ours.query<{ n: number }>(`select count(*) as n from ${table}`)
  return Number(found.n)
}

const encrypted = (key: Buffer, text: string): string => {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const value = Buffer.concat([cipher.update(`s:${text.length}:"${text}";`), cipher.final()]).toString('base64')
  const mac = createHmac('sha256', key)
    .update(iv.toString('base64') + value)
    .digest('hex')
  return Buffer.from(JSON.stringify({ iv: iv.toString('base64'), value, mac, tag: '' })).toString('base64')
}

describe.skipIf(!isThere)('a database of August 2026', () => {
  test('is served under its ids: phones, keys, links and voicemails go on', async () => {
    await using theirs = await reference('RH')
    await using made = await place({ APP_ROOT_HOST: 'example.net' })
    const folder = join(made.folder, 'storage')
    mkdirSync(join(folder, 'files'), { recursive: true })
    mkdirSync(join(folder, 'public/img'), { recursive: true })
    writeFileSync(join(folder, 'files/ab12cd34_message.wav'), wav(1))
    writeFileSync(join(folder, 'public/img/look.png'), picture({ width: 4, height: 4 }))
    const { code, stdout, stderr } = await importing(made, theirs.url, '--files', folder)
    expect([stdout, code]).toEqual([expect.stringContaining('All of this is there now.'), 0])
    expect(stderr).toContain('a Flexisip Account Manager of July or August 2026')
    {
      await using ours = databaseOf(made)
      const rows = (text: string) => ours.query(text)
      expect(await rows('select id, username, phone, email from accounts order by id')).toEqual([
        { id: 12, username: 'carol', phone: '+33612312312', email: 'Carol@Example.net' },
        { id: 30, username: 'dave', phone: null, email: null },
        { id: 31, username: 'erin', phone: null, email: null },
      ])
      expect(await rows('select password, algorithm from passwords where account_id = 12')).toEqual([
        { password: HA1, algorithm: 'SHA-256' },
      ])
      expect(await rows('select count(*) as n from passwords where account_id = 31')).toMatchObject([{}])
      expect(await rows('select id, name, theme_hue from spaces')).toEqual([
        { id: 7, name: 'Exämple 🐦', theme_hue: 210 },
      ])
      expect(await rows('select realm from space_digest_authentication_configurations')).toEqual([{ realm: 'example' }])
      expect(await rows('select type, forward_to, contact_id from call_forwardings order by type')).toEqual([
        { type: 'always', forward_to: 'sip_uri', contact_id: null },
        { type: 'no_answer', forward_to: 'contact', contact_id: 30 },
      ])
      expect(await rows('select id, registrar, protocol from external_accounts')).toEqual([
        { id: 9, registrar: 'reg.carrier.example', protocol: 'TLS' },
      ])
      expect(await rows('select contact_id from contacts_list_contact')).toEqual([{ contact_id: 30 }])
      expect(await rows('select contacts_list_id from account_contacts_list')).toEqual([{ contacts_list_id: 6 }])
      expect(await rows('select account_type_id from account_account_type')).toEqual([{ account_type_id: 2 }])
      expect(await rows("select code from phone_countries where code = 'FR' and activated")).toHaveLength(1)
      expect(await rows('select uuid, vcard from vcards_storage')).toEqual([
        expect.objectContaining({ vcard: 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ö\r\nEND:VCARD\r\n' }),
      ])
      expect(await rows('select username from accounts_tombstones')).toEqual([{ username: 'gone' }])
      expect(await rows('select is_first from statistics_message_devices order by id')).toHaveLength(2)
      expect(
        await rows("select kind, sent, received from statistics_hours where domain = 'sip.example.net' order by kind"),
      ).toEqual([
        { kind: 'calls', sent: 1, received: 0 },
        { kind: 'messages', sent: 1, received: 1 },
      ])
      expect(await rows("select way, actor_kind, action from audit_log where action = 'account.imported'")).toEqual([
        { way: 'import', actor_kind: 'import', action: 'account.imported' },
      ])
      expect(await rows('select password from space_email_servers')).not.toEqual([{ password: 'smtp-secret' }])
    }
    await using running = await serve(made)
    const ask = (path: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${running.port}${path}`, { headers: { host: 'accounts.example.net', ...headers } })
    const carol = await (await ask('/api/accounts/12', { 'x-api-key': ADMIN_KEY })).json()
    // Their clock is UTC, whatever the database's time zone.
    expect(carol).toMatchObject({ username: 'carol', created_at: '2024-03-31T02:30:00.000000Z' })
    const voicemail = await ask(`/api/accounts/12/voicemails/${VOICEMAIL}`, { 'x-api-key': ADMIN_KEY })
    expect(await voicemail.json()).toMatchObject({ id: VOICEMAIL, size: wav(1).length })
    const document = await ask(`/provisioning/${TOKEN}`, { 'x-linphone-provisioning': '1' })
    expect(await document.text()).toContain(HA1)
  })

  test('a second time changes nothing, and later takes only what is new', async () => {
    await using theirs = await reference('RH')
    await using made = await place()
    await importing(made, theirs.url, '--leave-out')
    const before = await everything(made)
    const again = await importing(made, theirs.url, '--leave-out')
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('Everything was there already.')])
    expect(await everything(made)).toEqual(before)
    await theirs.run(
      "insert into accounts (id, username, domain, activated, ip_address, user_agent, created_at) values (99, 'zoe', 'sip.example.net', 1, '', '', now())",
    )
    await theirs.run('insert into contacts (account_id, contact_id) values (99, 12)')
    expect((await importing(made, theirs.url, '--leave-out')).code).toBe(0)
    await using ours = databaseOf(made)
    const [zoe] = await ours.query<{ id: number }>("select id from accounts where username = 'zoe'")
    expect(await ours.query('select contact_id from contacts where account_id = :id', { id: zoe?.id ?? 0 })).toEqual([
      { contact_id: 12 },
    ])
  })

  test('tried with --dry-run says the same and writes nothing', async () => {
    await using theirs = await reference('RH')
    await using made = await place()
    const { code, stdout } = await importing(made, theirs.url, '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain('account_files, ')
    expect(stdout).toContain('--files does not say where its bytes are')
    expect(stdout).toMatch(/^accounts +3 +3 +0 +0 +0$/m)
    expect(stdout).toContain('Nothing was written')
    expect([await count(made, 'accounts'), await count(made, 'spaces')]).toEqual([0, 0])
  })

  test('comes into an instance with accounts of its own under new ids; who is there already stays', async () => {
    await using theirs = await reference('RH')
    await using made = await place({ APP_ROOT_HOST: 'example.net' })
    await sipkeeper(['spaces:create-update', DOMAIN, 'accounts.example.net', 'Ours', '--realm', 'example'], made)
    const admin = ['accounts:create-admin-account', '-u', 'carol', '-p', PASSWORD_OF_OURS, '-d', DOMAIN]
    await sipkeeper(admin, made)
    const { code, stdout } = await importing(made, theirs.url, '--leave-out')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^accounts +3 +2 +1 +0 +0$/m)])
    await using ours = databaseOf(made)
    const accounts = await ours.query<{ id: number; username: string }>('select id, username from accounts order by id')
    expect(accounts.map(({ username }) => username)).toEqual(['carol', 'dave', 'erin'])
    expect(accounts.map(({ id }) => id)).not.toContain(30)
    expect(await ours.query('select password from passwords where account_id = 1')).not.toEqual([{ password: HA1 }])
    expect(await ours.query("select name from spaces where domain = 'sip.example.net'")).toEqual([{ name: 'Ours' }])
  })
})

const PASSWORD_OF_OURS = 'battery-staple'

/** The same without a process of its own, into Spaces and accounts of a test. */
const moving = async (t: TestApp, url: string, wishes: Partial<MovingWishes> = {}) => {
  const said: string[] = []
  const source = await openSource(url, null)
  const all = { isDry: false, leavesOut: false, key: null, folder: null, realm: null, hosts: new Map(), ...wishes }
  try {
    const outcome = await t.parts.movingIn(source, all, {
      onGeneration: ({ name }) => said.push(name),
      onFinding: ({ table, row, reason }) => said.push(`${table}, ${row}: ${reason}`),
      onProgress: () => {},
    })
    return { ...outcome, said }
  } finally {
    await source.close()
  }
}

const emptyApp = async () => {
  const t = await testApp()
  return { ...t, [Symbol.asyncDispose]: t.close }
}

describe.skipIf(!isThere)('older databases', () => {
  test('of January 2026 keep the realm of a Space and its switch for the header', async () => {
    await using theirs = await reference('R26')
    await using t = await emptyApp()
    const { isKept, said } = await moving(t, theirs.url, { leavesOut: true })
    expect([isKept, said[0]]).toEqual([true, 'August 2025 to June 2026'])
    const space = await t.parts.spaces.byDomain(DOMAIN)
    expect(space).toMatchObject({ provisioningUseLinphoneProvisioningHeader: true, digest: { realm: 'example' } })
    expect(await t.parts.passwords.rows(t.db.read, 12)).toEqual([{ password: HA1, algorithm: 'SHA-256' }])
  })

  test('of 2023 become Spaces, with numbers, administrators and pending keys from the tables of that time', async () => {
    await using theirs = await reference('R23')
    await using t = await emptyApp()
    const hosts = new Map([[DOMAIN, 'accounts.example.net']])
    const { isKept, said } = await moving(t, theirs.url, { realm: 'example', hosts })
    expect([isKept, said[0]]).toEqual([true, '2023 to July 2024'])
    expect(await t.parts.spaces.byDomain(DOMAIN)).toMatchObject({ host: 'accounts.example.net' })
    const space = { space: { domain: DOMAIN } }
    expect(await t.parts.directory.find(t.db.read, space.space as Space, 12)).toMatchObject({ phone: '+33612312312' })
    expect(await t.parts.directory.find(t.db.read, space.space as Space, 30)).toMatchObject({ admin: true })
    expect(await t.parts.confirmationKeys.pending(t.db.read, 31)).toEqual({
      key: 'Key1234567890',
      expiresAt: new Date('2030-01-01T00:00:00Z'),
    })
  })
})

describe.skipIf(!isThere)('rows that break our rules', () => {
  const broken = async () => {
    // With `utf8mb4_bin` both can be there.
    const theirs = await reference('RH', 'utf8mb4_bin')
    const row = (id: number, username: string, more: Record<string, unknown> = {}) =>
      insertion('accounts', [
        {
          id,
          username,
          domain: DOMAIN,
          phone: null,
          email: null,
          activated: 1,
          ip_address: '',
          user_agent: '',
          created_at: '2024-01-01 00:00:00',
          ...more,
        },
      ])
    await theirs.run('delete from account_files')
    await theirs.run(row(40, 'alice'))
    await theirs.run(row(41, 'Alice'))
    await theirs.run(row(42, 'sp ace'))
    await theirs.run(row(43, 'frank', { phone: '+33612312312' }))
    await theirs.run(row(44, 'grace', { phone: 'call me' }))
    await theirs.run(insertion('passwords', [{ id: 90, account_id: 40, password: 'not-a-hash', algorithm: 'MD5' }]))
    return theirs
  }

  test('are named one by one, and nothing is written; --leave-out does without them', async () => {
    await using theirs = await broken()
    await using made = await place()
    const { code, stdout, stderr } = await importing(made, theirs.url)
    expect(code).toBe(4)
    expect(stdout).toContain('does not come: accounts, Alice@sip.example.net: alice is there twice')
    expect(stdout).toContain('does not come: accounts, sp ace@sip.example.net: it has no name that an address can have')
    expect(stdout).toContain('accounts, frank@sip.example.net: its phone number +33612312312 belongs to carol')
    expect(stdout).toContain('accounts, grace@sip.example.net: its phone number cannot exist: call me')
    expect(stdout).toContain('passwords, alice@sip.example.net: it is no MD5 HA1')
    expect(stderr).toContain('--leave-out moves the rest')
    expect([await count(made, 'accounts'), await count(made, 'audit_log')]).toEqual([0, 0])
    expect((await importing(made, theirs.url, '--leave-out')).code).toBe(0)
    await using ours = databaseOf(made)
    expect(await ours.query('select username from accounts order by id')).toEqual(
      ['carol', 'dave', 'erin', 'alice', 'frank', 'grace'].map((username) => ({ username })),
    )
  })

  test('accounts that share an address take the promise that none do from their Space, and are named', async () => {
    await using theirs = await reference('RH')
    await theirs.run('delete from account_files')
    await theirs.run('update spaces set unique_email = 1')
    await theirs.run("update accounts set email = 'carol@example.NET' where id = 30")
    await using t = await emptyApp()
    const kept = await moving(t, theirs.url)
    expect([kept.isKept, kept.said]).toEqual([
      false,
      expect.arrayContaining([
        `accounts, carol@example.net: 2 accounts of ${DOMAIN}, where addresses are unique, have it`,
      ]),
    ])
    expect((await moving(t, theirs.url, { leavesOut: true })).isKept).toBe(true)
    expect(await t.parts.spaces.byDomain(DOMAIN)).toMatchObject({ uniqueEmail: false })
  })

  test('encrypted columns need the key of that account manager', async () => {
    await using theirs = await reference('RH')
    await theirs.run('delete from account_files')
    const key = randomBytes(32)
    await theirs.run(`update space_email_servers set password = '${encrypted(key, 'smtp-secret')}'`)
    await using t = await emptyApp()
    const sentence = `space_email_servers, ${DOMAIN}: its password is encrypted: --app-key opens it`
    for (const wrong of [null, randomBytes(32)]) {
      const { isKept, said } = await moving(t, theirs.url, { key: wrong })
      expect([isKept, said]).toEqual([false, expect.arrayContaining([sentence])])
    }
    expect((await moving(t, theirs.url, { key: laravelKey(`base64:${key.toString('base64')}`) })).isKept).toBe(true)
    const [server] = await t.db.read.select().from(t.db.tables.spaceEmailServers)
    expect(t.parts.secrets.reveal(server?.password ?? null)).toBe('smtp-secret')
    expect(laravelKey('short')).toBeNull()
  })
})

describe.skipIf(!isThere)('a database that cannot be used', () => {
  test('with a wrong password is refused in a sentence, and no instance is made', async () => {
    await using theirs = await reference('RH')
    await using made = await place()
    await theirs.run("create or replace user 'reader'@'127.0.0.1' identified by 'right'")
    await theirs.run(`grant select on ${new URL(theirs.url).pathname.slice(1)}.* to 'reader'@'127.0.0.1'`)
    const url = theirs.url.replace('root@', 'reader@')
    const { code, stderr } = await sipkeeper(['import:flexiapi', url, '--password-file', '-'], made, {
      stdin: 'wrong\n',
    })
    expect([code, stderr]).toEqual([4, expect.stringMatching(/refuses: Access denied for user 'reader'/)])
    const right = ['import:flexiapi', url, '--password-file', '-', '--dry-run']
    expect((await sipkeeper(right, made, { stdin: 'right\n' })).code).toBe(0)
  })

  test('of somebody else is no account manager, and without tables it is named what is missing', async () => {
    await using theirs = await emptyReference()
    await using made = await place()
    const empty = await importing(made, theirs.url)
    expect([empty.code, empty.stderr]).toEqual([4, expect.stringContaining('it has no tables')])
    await theirs.run('create table articles (id int primary key)')
    const foreign = await importing(made, theirs.url)
    expect([foreign.code, foreign.stderr]).toEqual([4, expect.stringContaining('of no version that is known')])
    await theirs.run(referenceSchema('RH', 'mysql'))
    await theirs.run('drop table contacts, call_forwardings')
    const partial = await importing(made, theirs.url)
    expect([partial.code, partial.stderr]).toEqual([
      4,
      expect.stringContaining('tables are missing: contacts, call_forwardings'),
    ])
    expect(await count(made, 'spaces')).toBe(0)
  })

  test('that is nowhere, or a wrong address, is said', async () => {
    await using made = await place()
    const nowhere = await importing(made, 'mysql://root@127.0.0.1:1/db')
    expect([nowhere.code, nowhere.stderr]).toEqual([69, expect.stringContaining('cannot be read')])
    const odd = await importing(made, 'oracle://x/y')
    expect([odd.code, odd.stderr]).toEqual([4, expect.stringContaining('mysql://user@host/db')])
  })

  test('whose host never answers is given up', async () => {
    using silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const late = { seconds: 1 }
    for (const kind of ['mysql', 'postgres']) {
      const opening = openSource(`${kind}://root@127.0.0.1:${silent.port}/db`, null, late)
      await expect(opening).rejects.toMatchObject({ kind: 'away', message: expect.stringContaining('timeout') })
    }
    silent.stop(true)
  })

  test('is left alone: the session reads only', async () => {
    await using theirs = await reference('RH')
    const source = await openSource(theirs.url, null)
    expect(await source.count('accounts')).toBe(3)
    expect(
      await theirs.run(
        'select trx_is_read_only as ro, trx_isolation_level as level from information_schema.innodb_trx',
      ),
    ).toEqual([{ ro: 1, level: 'REPEATABLE READ' }])
    await source.close()
  })
})

describe.skipIf(!isThere)('what happens meanwhile', () => {
  test('a change of their database is found out, and nothing comes', async () => {
    await using theirs = await reference('RH')
    await using t = await emptyApp()
    const source = await openSource(theirs.url, null)
    await theirs.run("update passwords set password = repeat('0', 64) where id = 1")
    const wishes = { isDry: false, leavesOut: true, key: null, folder: null, realm: null, hosts: new Map() }
    const watching = { onGeneration: () => {}, onFinding: () => {}, onProgress: () => {} }
    await expect(t.parts.movingIn(source, wishes, watching)).rejects.toMatchObject({
      kind: 'changed',
      message: expect.stringContaining('has changed meanwhile (passwords)'),
    })
    await source.close()
    expect(await t.parts.spaces.byDomain(DOMAIN)).toBeNull()
  })

  test('an import that is killed leaves nothing, and the next one does all of it', async () => {
    await using theirs = await reference('RH')
    for (let first = 100; first < 8000; first += 1000) {
      const rows = Array.from({ length: 1000 }, (_, at) => ({
        id: first + at,
        username: `many${first + at}`,
        domain: DOMAIN,
        activated: 1,
        ip_address: '',
        user_agent: '',
        created_at: '2024-01-01 00:00:00',
      }))
      await theirs.run(insertion('accounts', rows))
    }
    await using made = await place()
    await sipkeeper(['migrate'], made)
    await theirs.run("update accounts set username = 'sp ace' where id = 4000")
    const running = begin(['import:flexiapi', theirs.url, '--leave-out'], made, {
      // By then it has written thousands.
      heard: (text) => text.includes('sp ace') && running.child.kill('SIGKILL'),
    })
    const { code } = await running.finished
    expect([code === 0, await count(made, 'accounts')]).toEqual([false, 0])
    expect((await importing(made, theirs.url, '--leave-out')).code).toBe(0)
    expect(await count(made, 'accounts')).toBe(8002)
  })

  test.skipIf(postgresUrl !== null)('a server that runs on the file must end first', async () => {
    await using theirs = await reference('RH')
    await using made = await placeWithSpace()
    await using running = await serve(made)
    const { code, stderr } = await importing(made, theirs.url)
    expect([code, stderr, running.port > 0]).toEqual([4, expect.stringContaining('stop the server first'), true])
  })
})

describe.skipIf(!isThere)('the way back', () => {
  /** What of a table must be equal; sealed texts never are. */
  const COMPARED: Readonly<Record<string, string>> = {
    spaces: 'id, domain, host, name, super, max_accounts, custom_provisioning_entries, intercom_features, theme_hue',
    space_digest_authentication_configurations: 'space_id, realm, default_password_algorithm',
    space_email_servers: 'space_id, host, port, username, from_address, from_name, signature',
    space_carddav_servers: 'id, space_id, uri, min_characters, delay',
    accounts: '*',
    passwords: 'account_id, password, algorithm',
    accounts_tombstones: 'username, domain, created_at',
    account_dictionary_entries: 'account_id, key, value',
    external_accounts: '*',
    account_carddav_credentials: '*',
    contacts: '*',
    contacts_lists: '*',
    contacts_list_contact: '*',
    account_contacts_list: '*',
    account_types: '*',
    account_account_type: '*',
    account_actions: '*',
    call_forwardings: 'account_id, type, forward_to, sip_uri, enabled, contact_id',
    vcards_storage: 'account_id, uuid, vcard',
    provisioning_tokens: 'account_id, token, used',
    voicemails: 'uuid, account_id, name, size, duration_seconds, content_type, sip_from, uploaded_at',
    statistics_messages: '*',
    statistics_message_devices: 'message_id, to_username, device_id, last_status, received_at, is_first',
    statistics_calls: '*',
    statistics_call_devices: 'call_id, device_id, rang_at, invite_terminated_at, invite_terminated_state',
    statistics_hours: '*',
    phone_countries: 'code, activated',
  }
  const contentOf = async (made: Installation) => {
    await using ours = databaseOf(made)
    const found: Record<string, unknown> = {}
    for (const [table, columns] of Object.entries(COMPARED)) {
      const rows = await ours.query(`select ${columns} from ${table}`)
      found[table] = rows.map((row) => JSON.stringify(row)).sort()
    }
    return found
  }

  for (const [generation, version] of [
    ['2026', 'RH'],
    ['2025', 'R26'],
  ] as const) {
    test(`writes SQL for an empty database of ${generation}, which comes back with equal content`, async () => {
      await using theirs = await reference(version)
      await theirs.run("update accounts set display_name = 'O\\'Neil \\\\ \\n x' where id = 30")
      await using made = await place()
      const files = join(made.folder, 'storage')
      mkdirSync(join(files, 'files'), { recursive: true })
      writeFileSync(join(files, 'files/ab12cd34_message.wav'), wav(1))
      expect((await importing(made, theirs.url, '--files', files, '--leave-out')).code).toBe(0)
      const [sql, back] = [join(made.folder, 'back.sql'), join(made.folder, 'back')]
      const exported = await sipkeeper(['export:flexiapi', sql, '--files', back, '--generation', generation], made)
      expect([exported.stderr, exported.code]).toEqual([expect.stringContaining('API keys are stored as hashes'), 0])
      {
        await using ours = databaseOf(made)
        expect(await ours.query("select way, subject_kind from audit_log where action = 'export.run'")).toEqual([
          { way: 'cli', subject_kind: 'database' },
        ])
      }
      await using empty = await emptyReference()
      await empty.run(referenceSchema(version, 'mysql'))
      await empty.load(sql)
      expect(await empty.run('select id, password from space_email_servers')).toEqual([
        { id: 1, password: 'smtp-secret' },
      ])
      await using again = await place()
      const { code, stdout } = await importing(again, empty.url, '--files', back)
      expect([stdout, code]).toEqual([expect.stringContaining('All of this is there now.'), 0])
      expect(await contentOf(again)).toEqual(await contentOf(made))
      const twice = await sipkeeper(['export:flexiapi', sql], made)
      expect([twice.code, twice.stderr]).toEqual([4, expect.stringContaining('exists')])
    })
  }
})

describe('the same from other engines', () => {
  test('a file of SQLite', async () => {
    await using made = await place()
    const file = join(made.folder, 'theirs.sqlite')
    const database = new Database(file, { create: true })
    database.run(referenceSchema('RH', 'sqlite'))
    database.run(referenceRows('RH'))
    database.close()
    const { code, stdout } = await importing(made, `sqlite://${file}`, '--leave-out')
    expect([stdout, code]).toEqual([expect.stringMatching(/^accounts +3 +3 /m), 0])
    const missing = await importing(made, 'sqlite:///nowhere.sqlite')
    expect([missing.code, missing.stderr]).toEqual([69, expect.stringContaining('cannot be read')])
  })

  test.skipIf(postgresUrl === null)('a database of PostgreSQL', async () => {
    await using made = await place()
    const name = `theirs_${crypto.randomUUID().replaceAll('-', '')}`
    const admin = new SQL(postgresUrl ?? '', { max: 1 })
    await admin.unsafe(`create database ${name}`)
    const url = new URL(postgresUrl ?? '')
    url.pathname = `/${name}`
    const theirs = new SQL(url.href, { max: 1 })
    await theirs.unsafe(referenceSchema('RH', 'postgres'))
    const rows = referenceRows('RH').replaceAll('`', '"').replaceAll("'0000-00-00 00:00:00'", "'2024-01-01'")
    await theirs.unsafe('create cast (integer as boolean) with inout as assignment').catch(() => {})
    await theirs.unsafe(
      "update pg_cast set castcontext = 'a' where castsource = 'int'::regtype and casttarget = 'bool'::regtype",
    )
    await theirs.unsafe(rows)
    await theirs.close()
    const { code, stdout } = await importing(made, url.href, '--leave-out')
    await admin.unsafe(`drop database ${name} with (force)`)
    await admin.close()
    expect([stdout, code]).toEqual([expect.stringMatching(/^accounts +3 +3 /m), 0])
  })
})
