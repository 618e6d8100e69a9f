import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseIni } from '../../src/protocols/ini.ts'
import { postgresUrl } from '../support/database.ts'
import { hasProgram } from '../support/executable.ts'
import { databaseOf, place, placeWithSpace, sipkeeper } from './command.ts'

// What the programs make of it stands in test/e2e: kamailio, front, turn.

type Place = Awaited<ReturnType<typeof placeWithSpace>>

let here: Place
beforeAll(async () => {
  here = await placeWithSpace()
  await using database = databaseOf(here)
  const now = postgresUrl === null ? '0' : 'now()'
  const [yes, no] = postgresUrl === null ? ['1', '0'] : ['true', 'false']
  for (const [name, activated, blocked] of [
    ['alice', yes, no],
    ['asleep', no, no],
    ['blocked', yes, yes],
  ]) {
    await database.query(
      `insert into accounts (username, domain, phone, activated, blocked, ip_address, user_agent, created_at, updated_at)
       values ('${name}', 'sip.example.org', '+336${name?.length}', ${activated}, ${blocked}, '192.0.2.1', 'test', ${now}, ${now})`,
    )
  }
  await database.query("insert into passwords (account_id, password, algorithm) select id, 'ha1', 'MD5' from accounts")
})
afterAll(async () => here[Symbol.asyncDispose]())

const printed = async (command: string[], env: Record<string, string> = {}) => {
  const { code, stdout, stderr } = await sipkeeper(command, here, { env })
  expect([command, code, code === 0 ? '' : stderr]).toEqual([command, 0, ''])
  return stdout
}

describe('a printer refuses, and prints nothing:', () => {
  const pem = ['--certificate', '/etc/cert.pem', '--key', '/etc/key.pem']
  const turn = { COTURN_SERVER_HOST: 'turn.example.org', COTURN_STATIC_AUTH_SECRET: 'secret' }
  const REFUSED: readonly (readonly [string, string[], number, RegExp, Record<string, string>?])[] = [
    ['a Space that does not exist', ['config:kamailio', 'sip.nobody.org'], 3, /no Space sip\.nobody\.org/],
    ['a host that no Space has', ['config:nginx', 'nobody.org', ...pem], 3, /no Space nobody\.org/],
    ['an address without a transport', ['config:kamailio', '--listen', '127.0.0.1:5060'], 2, /write udp:/],
    ['an address that is none', ['config:kamailio', '--listen', 'udp:localhost:5060'], 2, /no address/],
    ['a port that is none', ['config:kamailio', '--listen', 'udp:127.0.0.1:70000'], 2, /port/],
    ['TLS without a certificate', ['config:kamailio', '--listen', 'tls:127.0.0.1:5061'], 2, /--certificate/],
    ['a certificate without its key', ['config:caddy', '--certificate', '/etc/cert.pem'], 2, /go together/],
    ['nginx without a certificate', ['config:nginx'], 2, /--certificate and --key/],
    ['HAProxy without a certificate', ['config:haproxy'], 2, /--certificate/],
    ['a file name that would end its line', ['config:caddy', '--certificate', '/a b', '--key', '/k'], 2, /no blanks/],
    ['a proxy before TLS of our own', ['config:caddy'], 4, /speaks TLS itself/, { TLS_CERT: '/c', TLS_KEY: '/k' }],
    ['no TURN server', ['config:coturn'], 78, /COTURN_SERVER_HOST/],
    [
      'a secret that would be a comment',
      ['config:coturn'],
      2,
      /none of ;/,
      { ...turn, COTURN_STATIC_AUTH_SECRET: 'a # b' },
    ],
    ['a relay that is no address', ['config:coturn', '--listen', 'eth0'], 2, /no address/, turn],
  ]
  for (const [what, command, code, message, env] of REFUSED) {
    test(what, async () => {
      const refused = await sipkeeper(command, here, env === undefined ? {} : { env })
      expect([refused.code, refused.stdout]).toEqual([code, ''])
      expect(refused.stderr).toMatch(message)
    })
  }

  test('a server without a Space', async () => {
    await using empty = await place()
    const { code, stdout, stderr } = await sipkeeper(['config:kamailio'], empty)
    expect([code, stdout, stderr]).toEqual([4, '', expect.stringContaining('no Space yet')])
  })
})

test('config:flexisip prints INI whose SQL runs as Flexisip binds it, and leaves out who may not register', async () => {
  const { sections, problems } = parseIni(await printed(['config:flexisip']))
  expect([problems, sections.map(({ name }) => name)]).toEqual([[], ['module::Authentication']])
  const words = Object.fromEntries((sections[0]?.entries ?? []).map(({ key, value }) => [key, value]))
  expect([words['auth-domains'], words['soci-backend']]).toEqual([
    'sip.example.org',
    postgresUrl === null ? 'sqlite3' : 'postgresql',
  ])
  expect(words['soci-connection-string']).toMatch(
    postgresUrl === null
      ? /^db=\/.*\/sipkeeper\.sqlite$/
      : /^dbname=\S+ user=flexisip password=PASSWORD host=\S+ port=\d+$/,
  )
  await using database = databaseOf(here)
  const passwordOf = (id: string, domain = 'sip.example.org') =>
    database.query(words['soci-password-request'] ?? '', { id, domain })
  for (const id of ['asleep', 'blocked', 'nobody', "alice' or '1'='1", 'alice\\'])
    expect(await passwordOf(id)).toEqual([])
  expect(await passwordOf('alice', 'sip.other.org')).toEqual([])
  expect(await passwordOf('alice')).toEqual([{ password: 'ha1', algorithm: 'MD5' }])
  const withPhone = (phone: string) => database.query(words['soci-user-with-phone-request'] ?? '', { phone })
  const alice = { username: 'alice', domain: 'sip.example.org' }
  expect([await withPhone('asleep'), await withPhone('+3365'), await withPhone('alice')]).toEqual([
    [],
    [alice],
    [alice],
  ])
  const many = words['soci-users-with-phones-request']?.replace(':phones', "'+3365', '+3366', '+3367'") ?? ''
  expect(await database.query(many)).toEqual([{ ...alice, phone: '+3365' }])
})

test('config:asterisk prints views that an index finds accounts in, with the columns that Asterisk asks for', async () => {
  const text = await printed(['config:asterisk'])
  const statements = text
    .split('\n')
    .filter((line) => line.startsWith(';SQL '))
    .map((line) => line.slice(5))
    .join('\n')
    .split(';')
    .filter((statement) => statement.trim() !== '')
  expect(statements).toHaveLength(4)
  await using database = databaseOf(here)
  for (const statement of statements) await database.query(statement)
  const id = 'alice@sip.example.org'
  const ask = (view: string, of = id) => database.query(`select * from ${view} where id = :of`, { of })
  expect(await ask('asterisk_auths')).toEqual([
    { id, auth_type: 'md5', username: 'alice', realm: 'sip.example.org', md5_cred: 'ha1' },
  ])
  expect(await ask('asterisk_aors')).toMatchObject([{ id, max_contacts: 10 }])
  expect(await ask('asterisk_endpoints')).toMatchObject([{ id, aors: id, auth: id, context: 'from-phones' }])
  for (const nobody of ['asleep@sip.example.org', 'blocked@sip.example.org']) {
    for (const view of ['asterisk_auths', 'asterisk_aors', 'asterisk_endpoints'])
      expect(await ask(view, nobody)).toEqual([])
  }
  if (postgresUrl === null) {
    const plan = await database.query<{ detail: string }>(
      `explain query plan select * from asterisk_endpoints where id = '${id}'`,
    )
    expect(plan.map(({ detail }) => detail).join('\n')).toContain('asterisk_names')
  }
})

/** FreeSWITCH as far as the script asks it: what it would send to the database, and what it answers. */
const FREESWITCH = `
local said = { user = arg[2], domain = arg[3] }
params = { getHeader = function(_, name) return said[name] end }
freeswitch = { Dbh = function()
  return {
    query = function(_, question, found) io.stderr:write(question) found({ ha1_md5 = "ha1" }) end,
    release = function() end,
  }
end }
dofile(arg[1])
print(XML_STRING)
`

test.skipIf(!hasProgram('lua5.4'))(
  'config:freeswitch prints a script that asks for a hash, and never with a hostile name',
  async () => {
    const [script, harness] = [join(here.folder, 'sipkeeper.lua'), join(here.folder, 'harness.lua')]
    writeFileSync(script, await printed(['config:freeswitch']))
    writeFileSync(harness, FREESWITCH)
    const run = (user: string, domain = 'sip.example.org') => {
      const { stdout, stderr } = Bun.spawnSync(['lua5.4', harness, script, user, domain])
      return { xml: stdout.toString(), question: stderr.toString() }
    }
    const hostile = [
      "alice' or '1'='1",
      'alice\\',
      '<user/>',
      '%',
      'Alice',
      'a'.repeat(300),
      'é',
      '',
      'alice\n',
      '--[[',
    ]
    for (const name of hostile) {
      for (const { xml, question } of [run(name), run('alice', name)]) {
        expect([name, question]).toEqual([name, ''])
        expect(xml).toContain('not found')
      }
    }
    await using database = databaseOf(here)
    const ask = (user: string) => database.query(run(user).question)
    expect([await ask('asleep'), await ask('blocked'), await ask('alice')]).toEqual([[], [], [{ ha1_md5: 'ha1' }]])
    expect(run('alice').xml).toContain('<user id="alice"><params><param name="a1-hash" value="ha1"/>')
  },
)

test('warnings say what keeps a proxy from being believed, and where links lead', async () => {
  const pem = ['--certificate', '/etc/cert.pem', '--key', '/etc/key.pem']
  const { code, stderr } = await sipkeeper(['config:nginx', '--https-port', '8443', ...pem], here)
  expect([code, stderr]).toEqual([0, expect.stringMatching(/TRUSTED_PROXIES is empty[\s\S]*PUBLIC_PORT=8443/)])
})

test('a proxy reaches a server on a UNIX socket, or on every address, and only below its path', async () => {
  const env = { TRUSTED_PROXIES: '127.0.0.1/32', BASE_PATH: '/sip' }
  const pem = ['--certificate', '/etc/cert.pem', '--key', '/etc/key.pem']
  const [unix, everywhere] = [
    { ...env, LISTEN: 'unix:/run/sipkeeper.sock' },
    { ...env, LISTEN: '0.0.0.0:8080' },
  ]
  expect(await printed(['config:nginx', ...pem], unix)).toMatch(
    /server unix:\/run\/sipkeeper\.sock;[\s\S]*location \/sip \{/,
  )
  expect(await printed(['config:caddy'], unix)).toContain('reverse_proxy /sip* unix//run/sipkeeper.sock')
  expect(await printed(['config:haproxy', '--certificate', '/c.pem'], everywhere)).toMatch(
    /use_backend sipkeeper if \{ path_beg \/sip \}[\s\S]*server sipkeeper 127\.0\.0\.1:8080 check/,
  )
})
