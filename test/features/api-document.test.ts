import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import Ajv2020 from 'ajv/dist/2020.js'
import { OPERATION_IDS } from '../../src/api-document/operation-ids.ts'
import { anchorOf, titleOf } from '../../src/api-document/operations.ts'
import { PARAMETERS } from '../../src/api-document/parameters.ts'
import { TAGS } from '../../src/api-document/tags.ts'
import type { Space } from '../../src/nouns/space.ts'
import { stageFile } from '../support/account-file.ts'
import { type Call, type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { testFolder } from '../support/folder.ts'
import { picture } from '../support/picture.ts'
import { startTask } from '../support/tasks.ts'
import { form, wav } from '../support/voice.ts'
import { withWebhook } from '../support/webhooks.ts'

const TURN = { COTURN_SERVER_HOST: 'turn.example.org', COTURN_STATIC_AUTH_SECRET: 'secret' }

let t: TestApp
// biome-ignore lint/suspicious/noExplicitAny: tests look into documents as their readers do
let document: any
beforeAll(async () => {
  const env = { ...TURN, APP_LINPHONE_DAEMON_UNIX_PATH: '/nonexistent/daemon' }
  t = await testApp({ env, push: { send: async () => {} } })
  document = (await t.get('/api/openapi.json')).json
})
afterAll(() => t.close())

interface Documented {
  readonly name: string
  readonly path: string
  readonly method: string
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly operation: any
}

const documented = (): Documented[] =>
  Object.entries<Record<string, unknown>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      method: method.toUpperCase(),
      operation,
    })),
  )

const named = (routes: readonly Documented[]) => routes.map(({ name }) => name)

/** Every object, wherever it stands. */
const walk = (value: unknown, visit: (object: Record<string, unknown>) => void): void => {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) visit(value as Record<string, unknown>)
  for (const member of Object.values(value)) walk(member, visit)
}

describe('GET /api/openapi.json', () => {
  test('answers nothing but GET and HEAD', async () => {
    const refused = await t.post('/api/openapi.json')
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('is open to everybody, as exactly application/json', async () => {
    const { status, headers } = await t.get('/api/openapi.json')
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
  })

  test('is not sent again to whoever has it', async () => {
    const first = await t.get('/api/openapi.json')
    const etag = first.headers.get('etag') ?? ''
    const again = await t.get('/api/openapi.json', { headers: { 'if-none-match': `W/"other", ${etag}` } })
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag])
    expect((await t.get('/api/openapi.json', { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
  })

  test('names the address of the Space that it was asked of', async () => {
    const theirs = (await t.get('/api/openapi.json', { host: t.other.host })).json
    expect([document.servers, theirs.servers]).toEqual([
      [{ url: 'http://localhost' }],
      [{ url: 'http://other.localhost' }],
    ])
  })

  test('names the base path that a proxy put in front', async () => {
    const below = await testApp({ env: { APP_URL: 'http://localhost/accounts', BASE_PATH: '/accounts' } })
    const { json } = await below.get('/accounts/api/openapi.json')
    await below.close()
    expect(json.servers).toEqual([{ url: 'http://localhost/accounts' }])
  })

  test("is OpenAPI 3.1 in somebody else's eyes", async () => {
    const validator = new Validator()
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
  })

  test('points at nothing that is not there', () => {
    const missing: string[] = []
    walk(document, ({ $ref }) => {
      if (typeof $ref !== 'string') return
      const found = $ref
        .slice(2)
        .split('/')
        .reduce((at, name) => at?.[name], document)
      if (found === undefined) missing.push($ref)
    })
    expect(missing).toEqual([])
  })

  test('speaks JSON Schema only: words of ours stay here', () => {
    const ours = ['refusal', 'matches', 'numbers', 'always', '$id', 'named', 'hide']
    const found: unknown[] = []
    walk(document, (object) => {
      if ('type' in object && typeof object.type !== 'object') found.push(...ours.filter((word) => word in object))
      if (object.format === 'plain') found.push('plain')
    })
    expect(found).toEqual([])
  })
})

describe('the document', () => {
  test('has every route that is not a page', () => {
    const routes = t.routes.routes
      .filter(({ hooks }) => (hooks as { detail?: { hide?: boolean } }).detail?.hide !== true)
      .map(({ method, path }) => `${method} ${path.replace(/(.)\/$/, '$1').replaceAll(/:\w+/g, '{}')}`)
    expect(named(documented()).map((name) => name.replaceAll(/\{\w+\}/g, '{}'))).toEqual(expect.arrayContaining(routes))
    expect(documented().length).toBe(routes.length)
  })

  test('has every route under /api, but for two that are as if they had never been', () => {
    const hidden = t.routes.routes
      .filter(({ path, hooks }) => path.startsWith('/api/') && (hooks as { detail?: { hide?: boolean } }).detail?.hide)
      .map(({ path }) => path)
    expect(hidden).toEqual(['/api/accounts/public', '/api/accounts/recover-by-phone'])
  })

  test('says of each route, in one line, what it does', () => {
    const unsaid = documented().filter(({ operation }) => !/^[A-Z][^\n]{3,79}[^.\n]$/.test(operation.summary))
    expect(named(unsaid)).toEqual([])
  })

  test('says of each route what comes back', () => {
    const silent = documented().filter(
      ({ operation }) => !('200' in operation.responses || '201' in operation.responses),
    )
    expect(named(silent)).toEqual([])
  })

  test('has a name for each route that programs can be generated with, and no two the same', () => {
    const ids = documented().map(({ operation }) => operation.operationId)
    expect(ids.filter((id) => !/^[a-z]+(?:[A-Z][a-z]*)*$/.test(id))).toEqual([])
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    expect(ids).toEqual(expect.arrayContaining(['listAccounts', 'getOwnAccount', 'createAccount', 'deleteSpace']))
    const known = new Set(documented().map(({ name }) => name))
    expect(Object.keys(OPERATION_IDS).filter((name) => !known.has(name))).toEqual([])
  })

  test('says of each heading, in a sentence, what stands below it', () => {
    const unsaid = document.tags.filter((tag: { description: string }) => !/^[A-Z].*\.$/.test(tag.description))
    expect(unsaid).toEqual([])
    expect(document.tags.map(({ name }: { name: string }) => name).toSorted()).toEqual(Object.keys(TAGS).toSorted())
  })

  test('has no warning of Redocly', async () => {
    const file = join(testFolder, 'openapi.json')
    // As a server in the world says it: an address that only this machine knows is a warning of its own.
    await Bun.write(file, JSON.stringify({ ...document, servers: [{ url: 'https://accounts.sip.net' }] }))
    const command = [process.execPath, join(import.meta.dir, '../../node_modules/.bin/redocly'), 'lint', file]
    const child = Bun.spawn([...command, '--extends=recommended', '--format=json'], {
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      stdout: 'pipe',
      stderr: 'ignore',
    })
    const { totals, problems } = JSON.parse(await new Response(child.stdout).text())
    expect(problems.map(({ message }: { message: string }) => message)).toEqual([])
    expect(totals).toMatchObject({ errors: 0, warnings: 0 })
  })

  test('puts each route under one heading', () => {
    expect(named(documented().filter(({ operation }) => operation.tags.length !== 1))).toEqual([])
  })

  test('says of each parameter what it is, and explains none that no path has', () => {
    const used = new Set(documented().flatMap(({ path }) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)))
    expect([...used].toSorted()).toEqual(Object.keys(PARAMETERS).toSorted())
  })

  test('says who may call: everybody, or a role by key, cookie or DIGEST', () => {
    const { paths } = document
    expect(paths['/api/ping'].get.security).toEqual([])
    expect(paths['/api/accounts'].get.security).toEqual([
      { digest: ['admin'] },
      { apiKey: ['admin'] },
      { apiKeyCookie: ['admin'] },
    ])
    expect(Object.keys(document.components.securitySchemes)).toEqual(['digest', 'apiKey', 'apiKeyCookie'])
  })

  test('names the refusals that a route can give', () => {
    const { paths } = document
    expect(Object.keys(paths['/api/accounts'].post.responses)).toEqual([
      '200',
      '400',
      '401',
      '403',
      '404',
      '409',
      '413',
      '422',
      '429',
      'default',
    ])
    expect(Object.keys(paths['/api/ping'].get.responses)).toEqual(['200', '403', '404', '429', 'default'])
  })

  test('has the limits that the server checks', async () => {
    const { properties, required } = document.paths['/api/accounts'].post.requestBody.content['application/json'].schema
    expect(required).toEqual(['username', 'password'])
    expect(properties.username).toEqual({ type: ['string', 'number'], maxLength: 64 })
    expect(properties.display_name).toEqual({ type: ['string', 'null'], maxLength: 255, pattern: '^\\P{Cc}*$' })
    expect(properties.dtmf_protocol).toEqual({
      type: ['string', 'null'],
      enum: ['sipinfo', 'rfc2833', 'sipmessage', null],
    })
    expect(properties.activated).toEqual({
      anyOf: [{ type: 'boolean' }, { enum: [0, 1, '0', '1'] }, { type: 'null' }],
    })
    const admin = await t.account({ admin: true })
    const body = { username: 'limits', password: 'correct-horse', algorithm: 'MD5' }
    const tooLong = await t.post('/api/accounts', { as: admin, body: { ...body, display_name: 'x'.repeat(256) } })
    expect(Object.keys(tooLong.json.errors)).toEqual(['display_name'])
  })

  test('gives examples of bodies that fit', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'document')
    const bad = documented()
      .flatMap(({ name, operation }) => [
        { name, ...operation.requestBody?.content['application/json'] },
        { name, ...operation.responses['200']?.content?.['application/json'] },
        { name, ...operation.responses['201']?.content?.['application/json'] },
      ])
      .filter(({ schema }) => schema !== undefined)
      .filter(({ schema, example }) => !ajv.compile(rooted(schema))(example))
    expect(bad.map(({ name, example }) => [name, example])).toEqual([])
  })

  test('marks the API of 2021, and is without it where it is off', async () => {
    const old = documented().filter(({ operation }) => operation.deprecated)
    expect(named(old)).toContain('POST /api/accounts/with-token')
    const without = await testApp({ env: { LEGACY_API: 'false' } })
    const { paths } = (await without.get('/api/openapi.json')).json
    await without.close()
    expect(old.filter(({ path, method }) => paths[path]?.[method.toLowerCase()] !== undefined)).toEqual([])
  })
})

/** The same schema, outside the document. */
const rooted = (schema: unknown) => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/'))

describe('replies', () => {
  /** The document without room for members that it does not know. */
  const closed = () => {
    const copy = structuredClone(document)
    walk(copy.components.schemas, (schema) => {
      if ('properties' in schema && schema.type === 'object') schema.additionalProperties = false
    })
    walk(copy.paths, (schema) => {
      if ('properties' in schema && schema.type === 'object') schema.additionalProperties = false
    })
    return copy
  }

  /** What is wrong with a reply, by the document; null: nothing. */
  const judge = (strict: typeof document) => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).addSchema(strict, 'document')
    return ({ path, method }: Documented, reply: Reply): string | null => {
      const { responses } = strict.paths[path][method.toLowerCase()]
      const written = responses[reply.status]
      if (written === undefined) return `${reply.status} is not documented`
      const { content } =
        written.$ref === undefined ? written : strict.components.responses[written.$ref.split('/').at(-1)]
      const type = (reply.headers.get('content-type') ?? '').split(';')[0] ?? ''
      if (reply.text === '') return null
      if (content?.[type] === undefined) return `${reply.status} ${type} is not documented`
      if (type !== 'application/json') return null
      const check = ajv.compile(rooted(content[type].schema))
      return check(reply.json) ? null : ajv.errorsText(check.errors)
    }
  }

  interface World {
    readonly space: Space
    readonly callers: Readonly<Record<'account' | 'admin' | 'super', TestAccount>>
    readonly values: Readonly<Record<string, string>>
  }

  const UUID = String(PARAMETERS.uuid?.example)
  let root: TestAccount
  let spaces = 0
  beforeAll(async () => {
    root = await t.account({ admin: true })
    await t.parts.phoneCountries.activate(null, 'FR')
  })

  /** A Space with one of everything. */
  const world = async (): Promise<World> => {
    spaces += 1
    const [domain, host] = [`sip.w${spaces}.org`, `w${spaces}.localhost`]
    const space = await t.space({ domain, host, carddavUserCredentials: true })
    const email = `owner${spaces}@example.org`
    const sip = `owners@${domain}`
    const account = await t.account({ space, username: 'owners', email })
    const admin = await t.account({ space, username: 'keeper', admin: true })
    const friend = await t.account({ space, username: 'friend', email: `friend${spaces}@example.org` })
    const path = `/api/accounts/${account.id}`
    const at = { host, as: admin }
    const { json: own } = await t.put(path, {
      ...at,
      body: { username: 'owners', email, dtmf_protocol: 'sipinfo', algorithm: 'SHA-256' },
    })
    const made = async (path: string, body: unknown, call: Call = at) => {
      const { status, text, json } = await t.post(path, { ...call, body })
      if (status >= 300) throw new Error(`${path}: ${status} ${text}`)
      return json
    }
    const vcard = `BEGIN:VCARD\r\nVERSION:4.0\r\nUID:${UUID}\r\nFN:Alice\r\nEND:VCARD\r\n`
    const line = { username: 'line', domain: `carrier${spaces}.org`, password: 'secret', protocol: 'UDP' }
    const [key, type, list, action, forwarding, server, { token }] = await Promise.all([
      made('/api/api_keys', { name: 'Flexisip' }, { host, as: account }),
      made('/api/account_types', { key: 'door' }),
      made('/api/contacts_lists', { title: 'Sales', description: 'All of them' }),
      made(`${path}/actions`, { key: 'open', code: '123' }),
      made(`${path}/call_forwardings`, { type: 'busy', forward_to: 'voicemail', enabled: false }),
      made(`/api/spaces/${domain}/carddavs`, { uri: 'https://dav.example.org/' }, { as: root }),
      made('/api/accounts/auth_token', {}, { host }),
      made(`/api/spaces/${domain}/email`, { host: 'mail.example.org', port: 587 }, { as: root }),
      made(`${path}/dictionary/department`, { value: 'sales' }),
      made(`${path}/contacts/${friend.id}`, {}),
      made(`${path}/external`, line),
      made('/api/accounts/me/vcards-storage', { vcard }, { host, as: account }),
      made('/api/statistics/messages', { id: `m${spaces}`, from: sip, sent_at: '2026-03-01', encrypted: true }),
      made('/api/statistics/calls', {
        id: `c${spaces}`,
        from: sip,
        to: sip,
        initiated_at: '2026-03-01',
        devices: ['x'],
      }),
      made('/api/statistics/conferences', { id: `r${spaces}`, created_at: '2026-03-01' }, { as: root }),
    ])
    const slot = () => made(`${path}/voicemails`, { content_type: 'audio/wav', sip_from: 'sip:bob@sip.example.org' })
    const [{ id: voicemail }, { id: waiting }] = [await slot(), await slot()]
    const heard = await t.post(`/api/files/${voicemail}`, { ...at, ...form(wav()) })
    const told = await withWebhook(t, space)
    const credential = { username: 'owners', password: 'correct-horse', realm: 'dav', algorithm: 'MD5' }
    await Promise.all([
      made(`${path}/types/${type.id}`, {}),
      made(`${path}/contacts_lists/${list.id}`, {}),
      made(`/api/contacts_lists/${list.id}/contacts/${friend.id}`, {}),
      t.put(`${path}/carddavs/${server.id}`, { ...at, body: credential }),
    ])
    const imported = await stageFile(t, admin, space)
    const task = await startTask(t, admin, { kind: 'account_import', space })
    return {
      space,
      callers: { account, admin, super: root },
      values: {
        id: String(account.id),
        sip,
        message_id: `m${spaces}`,
        call_id: `c${spaces}`,
        conference_id: `r${spaces}`,
        to: sip,
        device_id: '"<urn:uuid:1>"',
        email,
        domain,
        key: 'department',
        code: 'FR',
        uuid: UUID,
        friend: `friend@${domain}`,
        contact_id: String(friend.id),
        contacts_list_id: String(list.id),
        type_id: String(type.id),
        action_id: String(action.id),
        forwarding_id: String(forwarding.id),
        carddav_id: String(server.id),
        webhook_id: told.webhook,
        delivery_id: told.delivery,
        auth_token: token,
        provisioning_token: own.provisioning_token,
        voicemail,
        name: heard.json.name,
        query: new URL(heard.json.download_url).search,
        'uuid of files': waiting,
        'id of api_keys': String(key.id),
        'id of account_types': String(type.id),
        'id of contacts_lists': String(list.id),
        'id of tasks': String(task),
        import: imported,
      },
    }
  }

  const urlOf = ({ path }: Documented, { values }: World) =>
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const isHeard = name === 'uuid' && /^\/f\/|\/voicemails\//.test(path)
      const known = isHeard ? 'voicemail' : name === 'sip' && path.includes('/contacts/') ? 'friend' : name
      const value = values[`${name} of ${path.split('/')[2]}`] ?? values[known]
      if (value === undefined) throw new Error(`there is no sample for {${name}}`)
      return encodeURIComponent(value)
    }) + (path.startsWith('/f/') ? values.query : '')

  const roleOf = ({ operation }: Documented): keyof World['callers'] | undefined => operation.security[0]?.digest[0]

  const at = (route: Documented, made: World): Call => {
    const role = roleOf(route)
    const host = role === 'super' ? t.main.host : made.space.host
    return { host, ...(role === undefined ? {} : { as: made.callers[role] }) }
  }

  const creationToken = async ({ space, callers }: World) =>
    (await t.post('/api/account_creation_tokens', { host: space.host, as: callers.admin })).json.token

  /** Only such an account may change its phone number and e-mail address. */
  const validate = async (made: World) => {
    const body = { account_creation_token: await creationToken(made) }
    const { host } = made.space
    await t.post('/api/account_creation_tokens/consume', { host, as: made.callers.account, body })
  }

  const codeFor = async (made: World, what: 'phone' | 'email', value: string) => {
    const { host } = made.space
    await t.post(`/api/accounts/me/${what}/request`, { host, as: made.callers.account, body: { [what]: value } })
    return { code: (await t.messages()).at(-1)?.data?.code }
  }

  const push = { pn_provider: 'fcm', pn_param: 'project' }
  const republish = ({ space: { host, name } }: World, example: object) => ({ ...example, host, name, super: false })
  const anotherCard = (_: World, example: object) => JSON.parse(JSON.stringify(example).replaceAll(UUID, 'another'))

  /** Bodies of requests that must be right to be answered; the others are the document's own examples. */
  const BODIES: Readonly<Record<string, (made: World, example: object) => unknown>> = {
    'POST /api/accounts/with-account-creation-token': async (made, example) => ({
      ...example,
      account_creation_token: await creationToken(made),
    }),
    'POST /api/account_imports/{import}': () => ({ skip_faulty: true }),
    'POST /api/accounts/with-token': async (made, example) => ({ ...example, token: await creationToken(made) }),
    'POST /api/account_creation_tokens/consume': async (made) => ({
      account_creation_token: await creationToken(made),
    }),
    'POST /api/account_creation_tokens/send-by-push': () => ({ ...push, pn_prid: 'first' }),
    'POST /api/account_recovery_tokens/send-by-push': () => ({ ...push, pn_prid: 'second' }),
    'POST /api/tokens': () => ({ ...push, pn_prid: 'third' }),
    'POST /api/account_creation_tokens/using-account-creation-request-token': async ({ space }) => {
      const { token } = (await t.post('/api/account_creation_request_tokens', { host: space.host })).json
      const { accountCreationRequestTokens } = t.db.tables
      await t.db.transaction((tx) => tx.update(accountCreationRequestTokens).set({ validatedAt: t.clock.now }))
      return { account_creation_request_token: token }
    },
    'POST /api/accounts/me/password': ({ callers }) => ({
      algorithm: 'MD5',
      old_password: callers.account.password,
      password: 'battery-staple',
    }),
    'POST /api/accounts/me/phone': (made) => codeFor(made, 'phone', '+33612345678'),
    'POST /api/accounts/me/email': (made) => codeFor(made, 'email', 'new@example.org'),
    'PUT /api/accounts/{id}': (_, example) => ({ ...example, username: 'renamed' }),
    'POST /api/accounts/me/vcards-storage': anotherCard,
    'POST /api/accounts/{id}/vcards-storage': anotherCard,
    'POST /api/statistics/messages': ({ values }, example) => ({ ...example, from: values.sip }),
    'POST /api/statistics/calls': ({ values }, example) => ({ ...example, from: values.sip }),
    'PUT /api/spaces/{domain}': republish,
    'PATCH /api/spaces/{domain}': republish,
    'POST /api/spaces': (_, example) => ({ ...example, name: 'Made', domain: 'sip.made.org', host: 'made.localhost' }),
  }

  /** Whose success needs what no fresh installation has; everything else is proven. */
  const ELSEWHERE: Readonly<Record<string, string>> = {
    'POST /api/accounts/{id}/send_code': 'administration/support.test.ts: a code has waited for a minute',
    'POST /api/messages': 'sip-messages.test.ts: there is a daemon',
    'POST /api/accounts/{sip}/activate/email': 'legacy.test.ts: the account has a key that waits',
    'POST /api/accounts/{sip}/activate/phone': 'legacy.test.ts: the account has a key that waits',
  }

  /** What must have happened before. */
  const before = async ({ name, path }: Documented, made: World, url: string) => {
    const { host } = made.space
    const { account, admin } = made.callers
    if (/GET .*\/(me\/api_key|provisioning\/auth_token)\/\{/.test(name)) {
      await t.get(`/api/accounts/auth_token/${made.values.auth_token}/attach`, { host, as: account })
    }
    if (/\/me\/(phone|email)/.test(path)) {
      await validate(made)
    }
    if (/POST .*\/\{id\}\/(types|contacts_lists)\//.test(name)) await t.delete(url, { host, as: admin })
  }

  test('are what the document says, with no member that it does not know', async () => {
    const verdict = judge(closed())
    const wrong: string[] = []
    const proven = new Set<string>()
    const shared = await world()
    await validate(shared)
    await codeFor(shared, 'phone', '+33612345678')
    await codeFor(shared, 'email', 'waiting@example.org')
    for (const route of documented()) {
      const made = route.method === 'GET' && !/token|api_key|activate/.test(route.path) ? shared : await world()
      const url = urlOf(route, made)
      await before(route, made, url)
      const example = route.operation.requestBody?.content['application/json']?.example
      const body = example === undefined ? undefined : await (BODIES[route.name]?.(made, example) ?? example)
      const upload =
        route.name === 'POST /api/files/{uuid}'
          ? form(wav())
          : route.name === 'POST /api/spaces/{domain}/logo'
            ? form(Buffer.from(picture()), { part: 'logo' })
            : route.name === 'POST /api/account_imports'
              ? form(Buffer.from('Username\nuploaded\n'))
              : {}
      const reply = await t.send(route.method, url, { ...at(route, made), body, ...upload })
      const trouble = verdict(route, reply)
      if (trouble !== null) wrong.push(`${route.name}: ${trouble}`)
      if (reply.status < 300) proven.add(route.name)
      else if (!(route.name in ELSEWHERE)) wrong.push(`${route.name}: ${reply.status} ${reply.text}`)
    }
    expect(wrong).toEqual([])
    expect(named(documented()).filter((name) => !proven.has(name))).toEqual(Object.keys(ELSEWHERE))
  }, 60_000)

  test('to strangers, to callers of a lower role and to empty bodies are what the document says, too', async () => {
    const verdict = judge(closed())
    const wrong: string[] = []
    const made = await world()
    for (const route of documented()) {
      const url = urlOf(route, made)
      const { host = '' } = at(route, made)
      const calls: [string, Call][] = [
        ['a stranger', { host }],
        ['a user', { host: made.space.host, as: made.callers.account }],
        ['no JSON', { ...at(route, made), body: '{', headers: { 'content-type': 'application/json' } }],
        ['an empty body', { ...at(route, made), body: {} }],
        ['an unknown host', { host: 'nobody.localhost' }],
      ]
      for (const [who, call] of calls) {
        const sends = route.method === 'POST' || route.method === 'PUT' || route.method === 'PATCH'
        if (!sends && (call.body !== undefined || route.method === 'DELETE')) continue
        if (roleOf(route) === undefined && who === 'a user') continue
        const trouble = verdict(route, await t.send(route.method, url, call))
        if (trouble !== null) wrong.push(`${route.name} for ${who}: ${trouble}`)
      }
    }
    expect(wrong).toEqual([])
  }, 60_000)
})

describe('GET /api', () => {
  let shown: Reply
  beforeEach(async () => {
    shown = await t.get('/api', { headers: { accept: 'application/json' } })
  })
  const ids = () => [...shown.text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)

  test('is a page, also for clients of JSON', () => {
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  })

  test('is English for everybody', async () => {
    const french = await t.get('/api', { headers: { 'accept-language': 'fr' } })
    expect(french.headers.get('content-language')).toBe('en')
    expect(french.text).toBe(shown.text)
  })

  test('is there while the panel of the Space is off', async () => {
    const { host } = await t.space({ domain: 'sip.bare.org', host: 'bare.localhost', webPanel: false })
    expect((await t.get('/api', { host })).status).toBe(200)
  })

  test('leads back to the panel, and has what its two scripts look for', () => {
    expect(shown.text).toMatch(/<a class="button" href="\/">\s*Back to the panel\s*<\/a>/)
    expect(shown.text).toMatch(/<label class="search" data-search[^>]* hidden>/)
    expect(shown.text.match(/data-copy="Copy"/g)?.length ?? 0).toBeGreaterThan(documented().length)
  })

  test('loads nothing from anybody else, and no script stands in it', () => {
    expect(shown.text).not.toMatch(/<script(?! type="module" src="\/assets\/)|\son\w+="|style="/)
    const loaded = [...shown.text.matchAll(/(?:src|rel="stylesheet" href)="([^"]+)"/g)].map(([, url]) => url)
    expect(loaded.filter((url) => !url?.startsWith('/assets/'))).toEqual([])
  })

  test('has the anchors that others link to', () => {
    expect(ids()).toEqual(
      expect.arrayContaining([
        'dictionary',
        'get-accountsme',
        'get-accountsmeapikey',
        'get-accountssipsearch',
        'post-accountswith-account-creation-token',
        'post-wizard',
        'get-provisioningme',
        'account',
        'space',
      ]),
    )
  })

  test('has each anchor once, and no link into nothing', () => {
    expect(ids().filter((id, index, all) => all.indexOf(id) !== index)).toEqual([])
    const links = [...shown.text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(links.filter((id) => !ids().includes(id))).toEqual([])
  })

  test('shows every route with who may call it and how, at the address of this Space', async () => {
    for (const { method, path } of documented()) expect(ids()).toContain(anchorOf(titleOf(method, path)))
    const theirs = await t.get('/api', { host: t.other.host })
    const article = /<article class="endpoint" id="post-accounts">[\s\S]*?<\/article>/.exec(theirs.text)?.[0] ?? ''
    expect(article).toContain('For administrators')
    expect(article).toContain('curl -X POST http://other.localhost/api/accounts')
    expect(theirs.text).not.toContain('server.invalid')
  })

  test('is linked from the guide to provisioning', async () => {
    expect((await t.get('/provisioning/documentation')).text).toContain('href="/api"')
  })
})
