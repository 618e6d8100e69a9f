import type { FieldMessages } from '../../src/errors.ts'
import { AppError } from '../../src/errors.ts'
import { Exchange } from '../../src/http/exchange.ts'
import { type Answers, answers, type FormPage } from '../../src/panel/answers.tsx'
import { assetAt } from '../../src/panel/assets.ts'
import { Actions, ButtonLink, Link, Submit } from '../../src/panel/components/button.tsx'
import { Card, Facts, FieldGroup, More } from '../../src/panel/components/card.tsx'
import { CopyField, FoldedQr, Qr, SecretOnce } from '../../src/panel/components/credentials.tsx'
import {
  Checkbox,
  ChoiceField,
  CodeField,
  CurrentPasswordField,
  FileField,
  SelectField,
  SentCode,
  Switch,
  TextArea,
  TextField,
} from '../../src/panel/components/fields.tsx'
import { Filters } from '../../src/panel/components/filters.tsx'
import { Action, Form, Hidden } from '../../src/panel/components/form.tsx'
import { Segments, Steps, Tabs } from '../../src/panel/components/head.tsx'
import { Checks, Rows, Timeline } from '../../src/panel/components/list.tsx'
import { Countdown, Moment } from '../../src/panel/components/moment.tsx'
import { NewPasswordFields } from '../../src/panel/components/new-password.tsx'
import { Empty, Note } from '../../src/panel/components/note.tsx'
import { SeveralField } from '../../src/panel/components/several-field.tsx'
import { Chip, State } from '../../src/panel/components/state.tsx'
import { Bulk, type Column, Everything, Menu, Pages, Table } from '../../src/panel/components/table.tsx'
import { confirmPage } from '../../src/panel/confirm-page.tsx'
import type { Kit } from '../../src/panel/kit.tsx'
import { listingOf } from '../../src/panel/listing.ts'
import type { Page } from '../../src/panel/page.tsx'
import type { TestApp } from './app.ts'

// Every part of the kit once, in each of its states: no page of the product.

interface Person {
  readonly name: string
  readonly username: string
  readonly state: 'registered' | 'offline' | 'blocked'
  readonly seen: number
}

const STATES = {
  registered: { tone: 'good', icon: 'registered', label: 'Registered' },
  offline: { tone: undefined, icon: 'offline', label: 'Offline' },
  blocked: { tone: 'bad', icon: 'blocked', label: 'Blocked' },
} as const

const PEOPLE: readonly Person[] = [
  { name: 'Amara Nwosu', username: '2104', state: 'registered', seen: 1 },
  {
    name: 'Bertrand de la Tour d’Auvergne-Lauraguais',
    username: 'bertrand.de-la-tour.d-auvergne-lauraguais',
    state: 'offline',
    seen: 4200,
  },
  { name: 'Cold store door', username: 'door-cold-1', state: 'blocked', seen: 12 },
]

const stateOf = ({ state }: Person) => {
  const { tone, icon, label } = STATES[state]
  return (
    <State {...(tone === undefined ? {} : { tone })} icon={icon}>
      {label}
    </State>
  )
}

const COLUMNS: readonly Column<Person>[] = [
  { label: 'Name', sort: 'name', place: 'main', cell: ({ name }) => <Link to="/people/1">{name}</Link> },
  { label: 'User name', sort: 'username', place: 'sub', cell: ({ username }) => <span class="id">{username}</span> },
  { label: 'State', place: 'end', cell: stateOf },
  { label: 'Seen', sort: 'seen', place: 'num wide', cell: ({ seen }) => `${seen} min` },
]

const AT = new Date('2026-11-30T08:47:00Z')
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=='

/** A list with everything that lists have, as `GET /people` would show it. */
export const peoplePage = ({ input }: Kit): Page => {
  const listing = listingOf(input, {
    path: '/people',
    sorts: ['name', 'username', 'seen'],
    filters: ['search', 'state'],
  })
  const found = PEOPLE.filter(({ state }) => listing.chosen.state === undefined || state === listing.chosen.state)
  return {
    title: 'Accounts',
    count: '1,204 of 1,500',
    actions: (
      <>
        <ButtonLink to="/people/export" icon="download" download>
          Export
        </ButtonLink>
        <ButtonLink to="/people/create" icon="plus" tone="primary">
          Create an account
        </ButtonLink>
      </>
    ),
    cards: true,
    children: (
      <Filters
        listing={listing}
        label="Accounts"
        id="people"
        search={{ name: 'search', label: 'Name, address or number' }}
        choices={[
          {
            name: 'state',
            label: 'State',
            options: Object.entries(STATES).map(([value, { label }]) => ({ value, label })),
          },
        ]}
        dates={[{ name: 'from', label: 'Since' }]}
      >
        {found.length === 0 ? (
          <Empty icon="search" title="Nobody matches" actions={<ButtonLink to="/people">Clear the search</ButtonLink>}>
            Searched names, addresses and numbers.
          </Empty>
        ) : (
          <Form to="/people/bulk" class="list">
            <Everything label="Choose all 1,204 of this list, not only this page" />
            <Table
              caption="Accounts"
              columns={COLUMNS}
              rows={found}
              listing={listing}
              pick={{ name: 'account', value: ({ username }) => username, label: ({ name }) => `Select ${name}` }}
              actions={({ name }) => (
                <Menu
                  dots
                  label={`What to do with ${name}`}
                  items={[
                    { label: 'Open', to: '/people/1', icon: 'eye' },
                    { label: 'Delete…', to: '/people/1/delete', icon: 'trash', danger: true },
                  ]}
                />
              )}
            />
            <Bulk label="With the selected accounts" all="1,204">
              <Submit size="small" name="do" value="block">
                Block
              </Submit>
            </Bulk>
          </Form>
        )}
        <Pages listing={listing} total={1204} size={20} />
      </Filters>
    ),
  }
}

/** The parts that stand on pages of one thing. */
export const partsPage = (): Page => ({
  title: 'Cold store door',
  above: [['Accounts', '/people']],
  avatar: 'Cold store door',
  about: (
    <>
      <span class="id muted">door-cold-1@voice.halden.example</span>
      <Chip tone="bad" icon="blocked">
        Blocked
      </Chip>
      <Chip tone="line">Intercoms</Chip>
      <Chip tone="accent">Admin</Chip>
    </>
  ),
  actions: (
    <Menu
      label="More"
      items={[
        { label: 'Send password link', to: '/a', icon: 'lock' },
        { label: 'Delete…', to: '/b', icon: 'trash', danger: true },
      ]}
    />
  ),
  cards: true,
  children: (
    <>
      <Tabs
        label="Account"
        current="/one"
        tabs={[
          { label: 'Overview', to: '/one' },
          { label: 'Contacts', to: '/two', count: 12 },
        ]}
      />
      <Segments
        label="Period"
        current="/week"
        tabs={[
          { label: '24 hours', to: '/day' },
          { label: '7 days', to: '/week' },
        ]}
      />
      <div class="grid two">
        <div class="stack">
          <Card title="Details" aside={<Link to="/edit">Edit</Link>}>
            <Facts>
              {[['SIP address', 'door-cold-1@voice.halden.example'], ['Created', <Moment at={AT} />], null, false]}
            </Facts>
            <Action to="/act" fields={{ id: 3 }} icon="refresh" size="small">
              Replace the code
            </Action>
          </Card>
          <Card title="Devices" flush aside="From the registrar">
            <Rows
              items={[
                {
                  icon: 'registered',
                  tone: 'good',
                  title: '2N IP Verso',
                  note: 'now',
                  action: (
                    <ButtonLink to="/remove" size="small" about="2N IP Verso">
                      Remove…
                    </ButtonLink>
                  ),
                },
                {
                  icon: 'smartphone',
                  title: 'Kitchen tablet',
                  note: 'yesterday',
                  below: (
                    <div class="actions below">
                      <ButtonLink to="/remove" size="small" about="Kitchen tablet">
                        Remove…
                      </ButtonLink>
                    </div>
                  ),
                },
              ]}
            />
          </Card>
          <Card flush>
            <Rows items={[{ icon: 'mail', title: 'E-mail address', note: 'a@example.org', to: '/email/change' }]} />
          </Card>
          <Card title="What happened">
            <Timeline
              items={[
                { icon: 'lock', what: 'Ingrid changed the password', when: <Moment at={AT} /> },
                { icon: 'plus', what: 'Created by import', when: '14 Mar' },
              ]}
            />
          </Card>
          <Card title="Delete the account" danger>
            <p class="muted">Its phone stops ringing at once.</p>
            <div>
              <ButtonLink to="/delete" tone="danger" icon="trash">
                Delete the account…
              </ButtonLink>
            </div>
          </Card>
        </div>
        <div class="stack">
          <Note>A remark that stays.</Note>
          <Note tone="good" role="status">
            The account was created.
          </Note>
          <Note
            tone="warn"
            actions={
              <ButtonLink to="/test" size="small">
                Test it
              </ButtonLink>
            }
          >
            The e-mail server refuses our messages.
          </Note>
          <Note tone="bad" role="alert">
            The account was not created.
          </Note>
          <SecretOnce id="key" title="The key was created" why="Copy it now." label="Key" value="sk_Xw81hDk3">
            <Actions>
              <ButtonLink to="/keys">I have copied it</ButtonLink>
            </Actions>
          </SecretOnce>
          <Card title="Set up a phone">
            <FoldedQr
              title="Show the QR code"
              src={PNG}
              alt="QR code that sets up this account"
              after={<CopyField id="link" label="Or open this link" value="https://voice.halden.example/p/hK3x9" />}
            >
              Scan it with the app.
            </FoldedQr>
            <More title="Set up by hand" icon="sliders" open>
              <Checks
                items={[
                  { outcome: 'pass', what: 'The account is active', note: 'Not blocked.' },
                  { outcome: 'fail', what: 'Its password is wrong' },
                  { outcome: 'wait', what: 'It waits for its confirmation' },
                  { outcome: 'later', what: 'Its place in the registrar: not reached' },
                ]}
              />
            </More>
          </Card>
          <Card>
            <Qr src={PNG} alt="QR code to be scanned">
              For another device. <Countdown seconds={90} />
            </Qr>
          </Card>
          <Card>
            <Empty
              icon="users"
              title="No accounts yet"
              actions={<ButtonLink to="/create">Create an account</ButtonLink>}
            >
              An account is a person or a phone that can call.
            </Empty>
          </Card>
        </div>
      </div>
    </>
  ),
})

/** Every field, in a long form with groups. */
export const fieldsPage = (): FormPage => ({
  title: 'Settings',
  steps: <Steps steps={['Choose the file', 'Check', 'Import']} current={1} />,
  lede: 'Every field once.',
  to: '/fields',
  button: 'Save',
  cancel: ['Cancel', '/people'],
  upload: true,
  cards: true,
  scripts: ['code-boxes.js', 'countdown.js'],
  children: (
    <>
      <FieldGroup title="Texts" why="On every page.">
        <TextField name="username" label="User name" suffix="@voice.halden.example" value="2105" minlength={2} />
        <TextField name="email" label="E-mail address" type="email" optional hint="Set-up links go there." />
        <TextField name="limit" label="Limit" type="number" class="short" value={3} min={0} />
        <TextField name="realm" label="Realm" readonly value="voice.halden.example" hint="Fixed." />
        <TextArea name="intro" label="Above the form" optional value="Trouble?" />
        <TextArea name="entries" label="Extra entries" code rows={3} />
        <FileField name="logo" label="Logo" accept="image/png" hint="PNG, up to 2 MB." optional />
      </FieldGroup>
      <FieldGroup title="Choices">
        <SelectField
          name="dtmf"
          label="DTMF protocol"
          value="rfc2833"
          options={[
            { value: 'none', label: 'None' },
            { value: 'rfc2833', label: 'RFC 2833' },
          ]}
        />
        <ChoiceField
          name="role"
          label="Role"
          value="user"
          options={[
            { value: 'user', label: 'User', hint: 'Sees their own pages.' },
            { value: 'admin', label: 'Administrator', hint: 'Manages all accounts.', disabled: true },
          ]}
        />
        <SeveralField
          name="events"
          label="Told of"
          values={['a']}
          options={[
            { value: 'a', label: 'A new account', hint: 'account.created' },
            { value: 'b', label: 'A call ended', hint: 'call.ended' },
          ]}
        />
        <Checkbox name="terms" label="I accept the terms" hint="They open in a new tab." required />
        <div>
          <Switch name="doors" label="Open doors" hint="Intercom types." checked />
          <Switch name="phones" label="Register with a phone number" disabled />
        </div>
      </FieldGroup>
      <FieldGroup title="Proofs">
        <CurrentPasswordField />
        <NewPasswordFields least={8} />
        <p>
          <SentCode sent="A code is on its way." minutes={10} />
        </p>
        <CodeField digits={4} />
      </FieldGroup>
    </>
  ),
})

export const deletePage = ({ t }: Kit): FormPage =>
  confirmPage({
    title: 'Delete Cold store door?',
    lede: 'door-cold-1@voice.halden.example',
    to: '/people/1/delete',
    button: 'Delete the account',
    cancel: [t('panel.cancel'), '/people'],
    goes: ['Its 2 devices: they stop ringing at once', '4 voicemails'],
    stays: ['Its name, reserved: nobody can have it again'],
    note: 'To stop it for a while only, block it instead.',
    children: (
      <>
        <Hidden name="id" value={1} />
        <TextField name="confirm" label="Type door-cold-1 to confirm" autocapitalize="none" />
      </>
    ),
  })

/** Everything that was refused at once. */
export const REFUSED: FieldMessages = new Map(
  ['username', 'email', 'intro', 'logo', 'dtmf', 'role', 'terms', 'password', 'code'].map((name) => [
    name,
    [{ id: 'v.required' as const }],
  ]),
)

const MENU = [
  { path: '/people', label: 'dashboard.title', icon: 'users' },
  { path: '/devices', label: 'devices.title', icon: 'smartphone', group: 'panel.menu' },
] as const

/** Answers as a request for that address would get them. */
export const galleryAnswers = (
  t: TestApp,
  address: string,
  { places = 2, input = {} as Record<string, unknown> } = {},
): Answers => {
  const request = new Request(address)
  const around = {
    address: () => '192.0.2.7',
    scheme: () => 'http' as const,
    linkTo: (_: Request, host: string) => `http://${host}`,
    origin: () => 'http://localhost',
    language: () => 'en' as const,
  }
  const exchange = new Exchange(request, t.main, around, false)
  const { pathname, search, searchParams } = new URL(address)
  exchange.route = pathname
  exchange.input = { ...Object.fromEntries(searchParams), ...input }
  exchange.frame = {
    menu: Array.from({ length: places }, (_, index) => MENU[index % MENU.length] ?? MENU[0]),
    path: pathname + search,
    formToken: 'token',
    flash: 'flash.password',
  }
  const who = { username: 'camille', domain: 'sip.example.org', role: 'admin', activated: false }
  Object.assign(exchange, { caller: who, session: { kind: 'panel', token: 'secret' } })
  return answers(t.parts)(request, exchange)
}

/** A form of the gallery that was sent and refused. */
export const refusedForm = (t: TestApp, address: string): Promise<Response> =>
  galleryAnswers(t, address, { input: { username: 'typed', password: 'secret', code: '1234', role: 'user' } }).form(
    fieldsPage,
    undefined,
    () => {
      throw new AppError('invalid', 'errors.invalid', { fields: REFUSED })
    },
  )

/** The gallery for browsers, on a port of its own. */
export const serveGallery = (t: TestApp) => {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => {
      const { pathname } = new URL(request.url)
      const found = assetAt(pathname)
      if (found !== null) return new Response(found.body, { headers: { 'content-type': found.type } })
      const { show, form } = galleryAnswers(t, request.url, { places: pathname === '/parts' ? 8 : 2 })
      switch (pathname) {
        case '/people':
          return show(peoplePage)
        case '/parts':
          return show(partsPage)
        case '/fields':
          return form(fieldsPage)
        case '/refused':
          return refusedForm(t, request.url)
        case '/delete':
          return form(deletePage)
        default:
          return new Response(null, { status: 404 })
      }
    },
  })
  return { base: `http://localhost:${server.port}`, stop: () => server.stop(true) }
}
