import { describe, expect, test } from 'bun:test'
import { hasProgram, prepared, type Running, serve } from '../support/executable.ts'
import { entry, linphone } from '../support/linphone.ts'
import { type SipUser, sipRegistrar } from '../support/sip-registrar.ts'

/** Starts the client on the URL until its rc file has `sign`. */
const provision = (client: ReturnType<typeof linphone>, url: string, sign = '[auth_info_0]') =>
  client.start((rc) => rc.includes(sign), url)

/** What the `auth_info_<k>` of these numbers hold. */
const credentials = (rc: string, ...numbers: readonly number[]) =>
  numbers.map((index) => ['username', 'realm', 'ha1'].map((key) => entry(rc, `auth_info_${index}`, key)))
const NOTHING = [null, null, null]

/** Calls the API as the administrator, who is never refused. */
const asking =
  ({ base }: Running, { admin }: Awaited<ReturnType<typeof prepared>>) =>
  async (method: string, path: string, body?: object) => {
    const reply = await fetch(`${base}/api${path}`, {
      method,
      headers: { 'x-api-key': admin.api_key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect([method, path, reply.status < 300]).toEqual([method, path, true])
    return reply.json()
  }

describe.skipIf(!hasProgram('linphonec'))('a real Linphone client', () => {
  test('configures itself from our URL, holds the account, and the URL is spent', async () => {
    const place = await prepared()
    const running = await serve(place)
    const created = await fetch(`${running.base}/api/accounts`, {
      method: 'POST',
      headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
      body: JSON.stringify({
        username: 'carol.1',
        password: 'correct-horse',
        algorithm: 'SHA-256',
        display_name: 'Carol "C" & <é> 🙂',
      }),
    })
    const { provisioning_token: token } = await created.json()
    const url = `${running.base}/provisioning/${token}`

    const client = linphone()
    const { output, rc } = await provision(client, url)
    // Its own list of accounts, not only the file.
    expect(output).toContain('sip:carol.1@sip.example.org')
    expect(entry(rc, 'proxy_0', 'reg_identity')).toBe('"Carol \\"C\\" & <é> 🙂" <sip:carol.1@sip.example.org>')
    expect(entry(rc, 'proxy_0', 'reg_proxy')).toBe('<sip:sip.example.org;transport=tls>')
    expect(entry(rc, 'auth_info_0', 'realm')).toBe('sip.example.org')
    expect(entry(rc, 'auth_info_0', 'algorithm')).toBe('SHA-256')
    const ha1 = Bun.SHA256.hash('carol.1:sip.example.org:correct-horse', 'hex')
    expect(entry(rc, 'auth_info_0', 'ha1')).toBe(ha1)
    expect((await fetch(url)).status).toBe(404)
    client.remove()
    await running.stop()
    await place.remove()
  })

  test('holds byte for byte what a Space, an address book and a carrier say, and takes over what changes', async () => {
    const place = await prepared()
    const running = await serve(place)
    const ask = asking(running, place)
    const values = {
      quoted: `it's "so" & <so>; #1`,
      uri: '<sip:a@b.example;transport=tls>',
      url: 'https://h.example/?a=b&c=%20d',
      words: 'été 🙂 שלום مرحبا',
      entity: 'a&amp;b',
    }
    const write = async (round: number) => {
      const lines = Object.entries({ ...values, quoted: `'${values.quoted.replaceAll("'", '’')}'` })
      const entries = `[custom]\n${lines.map(([key, value]) => `${key}=${value}`).join('\n')}\n[round_${round}]\ndone=1\n`
      const space = await ask('GET', '/spaces/sip.example.org')
      const flags = { carddav_user_credentials: true, custom_provisioning_overwrite_all: true }
      await ask('PUT', '/spaces/sip.example.org', { ...space, ...flags, custom_provisioning_entries: entries })
    }
    await write(1)
    const uri = 'https://dav.example/books/?a=1&b=<2>'
    const server = await ask('POST', '/spaces/sip.example.org/carddavs', { uri, enabled: true })
    const name = `"Al" & \\ <د. سميرة> 'שלום' 🙂👩‍👩‍👧 ;#`
    const carol = { username: 'carol.1', password: 'correct-horse', algorithm: 'SHA-256', display_name: name }
    const account = await ask('POST', '/accounts', carol)
    const dav = { username: 'carol@dav', password: 'dav-horse', realm: 'dav & "co"', algorithm: 'MD5' }
    await ask('PUT', `/accounts/${account.id}/carddavs/${server.id}`, dav)
    const line = { username: 'ext', domain: 'carrier.example', password: 'carrier-horse', protocol: 'TLS' }
    await ask('POST', `/accounts/${account.id}/external`, { ...line, realm: 'voice', outbound_proxy: 'edge.example' })

    const client = linphone()
    const { rc } = await provision(client, `${running.base}/provisioning/${account.provisioning_token}`, '[round_1]')
    const held = Object.fromEntries(Object.keys(values).map((key) => [key, entry(rc, 'custom', key)]))
    expect(held).toEqual({ ...values, quoted: values.quoted.replaceAll("'", '’') })
    expect(entry(rc, 'remote_contact_directory_0', 'uri')).toBe(uri)
    const quoted = name.replace(/[\\"]/g, '\\$&')
    expect(entry(rc, 'proxy_0', 'reg_identity')).toBe(`"${quoted}" <sip:carol.1@sip.example.org>`)
    // It may spell an address without a name in its own way.
    expect(entry(rc, 'proxy_1', 'reg_identity')).toMatch(/^<?sip:ext@carrier\.example>?$/)
    expect(entry(rc, 'proxy_0', 'depends_on')).toBeNull()
    expect(entry(rc, 'proxy_1', 'reg_proxy')).toBe('<sip:carrier.example;transport=tls>')
    expect(entry(rc, 'proxy_1', 'reg_route')).toBe('<sip:edge.example;lr>')
    const md5 = (text: string) => Bun.MD5.hash(text, 'hex')
    const own = ['carol.1', 'sip.example.org', Bun.SHA256.hash('carol.1:sip.example.org:correct-horse', 'hex')]
    expect(credentials(rc, 0, 1, 2, 3)).toEqual([
      ['carol@dav', 'dav & "co"', md5('carol@dav:dav & "co":dav-horse')],
      own,
      ['ext', 'voice', md5('ext:voice:carrier-horse')],
      NOTHING,
    ])

    await write(2)
    await ask('DELETE', `/accounts/${account.id}/carddavs/${server.id}`)
    await ask('DELETE', `/accounts/${account.id}/external`)
    const { provisioning_token: second } = await ask('GET', `/accounts/${account.id}/provision`)
    const again = await provision(client, `${running.base}/provisioning/${second}`, '[round_2]')
    // Behind what the phone had, which may be of other accounts.
    expect(credentials(again.rc, 8, 9, 10, 11)).toEqual([own, NOTHING, NOTHING, NOTHING])
    expect(again.output).toContain('sip:carol.1@sip.example.org')
    client.remove()
    await running.stop()
    await place.remove()
  }, 60_000)

  // Every account registers afterwards, and after a restart: with a registrar that asks each for its own password.
  const someone = (user: string, domain: string): SipUser => ({
    user,
    domain,
    password: `${user}-horse`,
    algorithm: 'MD5',
  })
  const addressOf = ({ user, domain }: SipUser) => `${user}@${domain}`
  const bob = someone('bob', 'bob.example')
  const dave = someone('dave', 'dave.example')
  const line = someone('ext', 'carrier.example')

  const stage = async () => {
    const place = await prepared()
    const running = await serve(place)
    const registrar = await sipRegistrar()
    const ask = asking(running, place)
    const through = `127.0.0.1:${registrar.port};transport=udp`
    const setRegistrar = async (address: string) => {
      const space = await ask('GET', '/spaces/sip.example.org')
      await ask('PUT', '/spaces/sip.example.org', { ...space, account_proxy_registrar_address: address })
    }
    await setRegistrar(through)
    const carol = { username: 'carol.1', password: 'carol-horse', algorithm: 'MD5' }
    const account = await ask('POST', '/accounts', carol)
    const change = (changed: object) => ask('PUT', `/accounts/${account.id}`, { ...carol, ...changed })
    const newUrl = async () =>
      `${running.base}/provisioning/${(await ask('GET', `/accounts/${account.id}/provision`)).provisioning_token}`
    const first = (await ask('GET', `/accounts/${account.id}`)).provisioning_token
    /** A phone with these accounts, the first of which is its default. */
    const phoneOf = (...users: readonly SipUser[]) =>
      linphone(
        `[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\n${users.length > 0 ? 'default_proxy=0\n' : ''}\n${users
          .map(
            ({ user, domain, password }, index) =>
              `[proxy_${index}]\nreg_proxy=<sip:${through}>\nreg_identity=sip:${user}@${domain}\nreg_expires=3600\nreg_sendregister=1\n\n` +
              `[auth_info_${index}]\nusername=${user}\nrealm=${domain}\ndomain=${domain}\nha1=${Bun.MD5.hash(`${user}:${domain}:${password}`, 'hex')}\nalgorithm=MD5\n\n`,
          )
          .join('')}`,
      )
    /** Starts the phone until everybody has registered, first on `url` and then, which asks nobody, once more. */
    const registers = async (phone: ReturnType<typeof linphone>, users: readonly SipUser[], url: string | null) => {
      const everybody = users.map(addressOf).sort()
      for (const from of url === null ? [null] : [url, null]) {
        registrar.knows(...users)
        await phone.start(() => registrar.registered().join() === everybody.join(), from)
        expect({ from, registered: registrar.registered(), refused: registrar.refused() }).toEqual({
          from,
          registered: everybody,
          refused: [],
        })
      }
    }
    const end = async () => {
      registrar.close()
      await running.stop()
      await place.remove()
    }
    const urlOfFirst = `${running.base}/provisioning/${first}`
    return {
      running,
      registrar,
      ask,
      account,
      setRegistrar,
      through,
      change,
      newUrl,
      urlOfFirst,
      phoneOf,
      registers,
      end,
    }
  }

  const carolWith = (password: string, algorithm: SipUser['algorithm'] = 'MD5'): SipUser => ({
    ...{ user: 'carol.1', domain: 'sip.example.org' },
    ...{ password, algorithm },
  })

  for (const [others, where] of [
    [[], 'alone'],
    [[bob], 'beside another account'],
    [[bob, dave], 'beside two other accounts'],
  ] as const) {
    test(`registers ${where}, after a restart, and twice more after new passwords`, async () => {
      const on = await stage()
      const phone = on.phoneOf(...others)
      await on.registers(phone, others, null)
      await on.registers(phone, [...others, carolWith('carol-horse')], on.urlOfFirst)
      await on.change({ password: 'second-horse' })
      await on.registers(phone, [...others, carolWith('second-horse')], await on.newUrl())
      await on.change({ password: 'third-horse', algorithm: 'SHA-256' })
      await on.registers(phone, [...others, carolWith('third-horse', 'SHA-256')], await on.newUrl())
      // Another phone, which knows nothing, after all of that.
      const fresh = on.phoneOf()
      await on.registers(fresh, [carolWith('third-horse', 'SHA-256')], await on.newUrl())
      phone.remove()
      fresh.remove()
      await on.end()
    }, 120_000)
  }

  test('registers its line beside the account and beside others, and the account where the carrier refuses', async () => {
    const on = await stage()
    const external = { username: line.user, domain: line.domain, password: line.password, protocol: 'UDP' }
    await on.ask('POST', `/accounts/${on.account.id}/external`, { ...external, registrar: on.through })
    const carol = carolWith('carol-horse')
    const alone = on.phoneOf()
    await on.registers(alone, [carol, line], on.urlOfFirst)
    const beside = on.phoneOf(bob)
    await on.registers(beside, [bob], null)
    await on.registers(beside, [bob, carol, line], await on.newUrl())
    await on.change({ password: 'second-horse' })
    const second = carolWith('second-horse')
    await on.registers(alone, [second, line], await on.newUrl())
    expect(alone.rc().match(/^reg_identity=.*carrier\.example/gm)).toHaveLength(1)
    await on.registers(beside, [bob, second, line], await on.newUrl())
    // The carrier no longer knows it.
    on.registrar.knows(second)
    await alone.start(() => on.registrar.registered().length > 0 && on.registrar.refused().length > 0)
    expect([on.registrar.registered(), on.registrar.refused()]).toEqual([[addressOf(second)], [addressOf(line)]])
    alone.remove()
    beside.remove()
    await on.end()
  }, 120_000)

  test('forgets the spent address: at its next start nobody is asked', async () => {
    const on = await stage()
    const asked: string[] = []
    const relay = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => {
        asked.push(request.headers.get('from') ?? '-')
        const headers = new Headers(request.headers)
        headers.set('host', new URL(on.running.base).host)
        return fetch(on.running.base + new URL(request.url).pathname, { headers })
      },
    })
    const phone = on.phoneOf()
    const carol = carolWith('carol-horse')
    const path = new URL(on.urlOfFirst).pathname
    await on.registers(phone, [carol], `http://127.0.0.1:${relay.port}${path}`)
    expect([asked, entry(phone.rc(), 'misc', 'config-uri')]).toEqual([['-'], null])
    // It says who it is from then on.
    const { pathname } = new URL(await on.newUrl())
    await on.registers(phone, [carol], `http://127.0.0.1:${relay.port}${pathname}`)
    expect(asked).toEqual(['-', 'sip:carol.1@sip.example.org'])
    phone.remove()
    await relay.stop(true)
    await on.end()
  }, 60_000)

  test('takes a new name and registrar over only where the account is its own', async () => {
    const on = await stage()
    const carol = carolWith('carol-horse')
    const own = on.phoneOf()
    await on.registers(own, [carol], on.urlOfFirst)
    await on.setRegistrar(`localhost:${on.registrar.port};transport=udp`)
    await on.change({ display_name: 'Carol' })
    await on.registers(own, [carol], await on.newUrl())
    expect(entry(own.rc(), 'proxy_0', 'reg_identity')).toBe('"Carol" <sip:carol.1@sip.example.org>')
    expect(entry(own.rc(), 'proxy_0', 'reg_proxy')).toContain('sip:localhost:')
    // The same document leaves somebody else's phone what it has.
    const foreign = on.phoneOf(bob)
    await on.registers(foreign, [bob], null)
    await on.registers(foreign, [bob, carol], await on.newUrl())
    expect(entry(foreign.rc(), 'proxy_0', 'reg_identity')).toContain('bob@bob.example')
    expect(entry(foreign.rc(), 'proxy_0', 'reg_proxy')).toContain(on.through)
    own.remove()
    foreign.remove()
    await on.end()
  }, 60_000)
})
