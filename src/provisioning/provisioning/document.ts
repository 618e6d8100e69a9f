import type { CarddavCredential } from '../../address-books/carddav-credentials/carddav-credentials.ts'
import type { Additions } from '../../hooks/hooks.ts'
import { type CarddavServer, realmOf, type Space } from '../../nouns/space.ts'
import { ha1 } from '../../protocols/digest.ts'
import { type IniDocument, MANAGED_KEYS, parseIni } from '../../protocols/ini.ts'
import { ConfigDocument, type ConfigSection } from '../../protocols/lpconfig.ts'
import { isIpAddress, nameAddr, sipUri } from '../../protocols/sip-address.ts'
import type { ExternalAccount } from '../../telephony/external-accounts/external-accounts.ts'
import { differs, type Setup, type Shape, type Told } from './shape.ts'

/** A password row as the client needs it. */
export interface Credential {
  readonly algorithm: 'MD5' | 'SHA-256' | 'CLRTXT'
  readonly password: string
}

/** The account that the document configures, with its own Space (which need not be the request's). */
export interface Subject {
  readonly space: Space
  readonly username: string
  readonly domain: string
  readonly displayName: string | null
  readonly credentials: readonly Credential[]
  readonly carddavCredentials: readonly CarddavCredential[]
  /** null: it has none, or phones shall not register it. */
  readonly externalAccount: ExternalAccount | null
}

/**
 * The Space's own entries, or the instance's (D20). A text is read once; lines that cannot be read are reported and
 * left out (behaviour/provisioning.md §7.4). What the platform sets itself stays out of a Space's text, and stays in
 * the operator's file.
 */
export const customEntries = (
  instanceEntries: IniDocument | null,
  report: (space: Space, problems: IniDocument['problems']) => void,
) => {
  const known = new Map<number, { readonly text: string; readonly entries: IniDocument }>()

  const readEntries = (space: Space, text: string): IniDocument => {
    const { sections, problems } = parseIni(text)
    if (problems.length > 0) report(space, problems)
    const unmanaged = sections.flatMap(({ name, entries }) => {
      const kept = entries.filter(({ key }) => !MANAGED_KEYS.has(key))
      return kept.length === 0 && entries.length > 0 ? [] : [{ name, entries: kept }]
    })
    return { sections: unmanaged, problems }
  }

  return (space: Space): IniDocument | null => {
    const text = space.customProvisioningEntries
    if (text === null || text.trim() === '') return instanceEntries
    const before = known.get(space.id)
    if (before?.text === text) return before.entries
    const entries = readEntries(space, text)
    known.set(space.id, { text, entries })
    return entries
  }
}

const UI_SWITCHES = [
  ['super', 'super'],
  ['disable_chat_feature', 'disableChatFeature'],
  ['disable_meetings_feature', 'disableMeetingsFeature'],
  ['disable_broadcast_feature', 'disableBroadcastFeature'],
  ['hide_settings', 'hideSettings'],
  ['hide_account_settings', 'hideAccountSettings'],
  ['disable_call_recordings_feature', 'disableCallRecordingsFeature'],
  ['only_display_sip_uri_username', 'onlyDisplaySipUriUsername'],
  ['assistant_hide_create_account', 'assistantHideCreateAccount'],
  ['assistant_disable_qr_code', 'assistantDisableQrCode'],
  ['assistant_hide_third_party_account', 'assistantHideThirdPartyAccount'],
  ['max_account', 'maxAccount'],
] as const satisfies readonly (readonly [string, keyof Space])[]

/**
 * A host, a host with its port, or a whole URI, as an address between angle brackets; only a host gets `parameters`.
 */
const routeTo = (address: string, parameters = ''): string => {
  if (address.startsWith('<')) return address
  return /^sips?:/i.test(address) ? `<${address}>` : `<sip:${hostOf(address)}${parameters}>`
}

/** An IPv6 address stands in brackets wherever a port may follow (RFC 3261 §25.1). */
const hostOf = (address: string): string => (address.includes(':') && isIpAddress(address) ? `[${address}]` : address)

/** Without `reg_proxy` a Linphone client creates no account (D31). */
const registrarUri = ({ accountProxyRegistrarAddress: address, domain }: Space): string =>
  address === null ? routeTo(domain, ';transport=tls') : routeTo(address)

/** Weakest first: of sections with the same user and realm a client keeps the last (D32). */
const hashes = ({ username, space, credentials }: Subject): { algorithm: 'MD5' | 'SHA-256'; ha1: string }[] => {
  const clear = credentials.find(({ algorithm }) => algorithm === 'CLRTXT')
  return (['MD5', 'SHA-256'] as const).flatMap((algorithm) => {
    const stored = credentials.find((credential) => credential.algorithm === algorithm)?.password
    const hash = stored ?? (clear && ha1(algorithm, username, realmOf(space), clear.password))
    return hash === undefined ? [] : [{ algorithm, ha1: hash }]
  })
}

/** The sections in their order (behaviour/provisioning.md §7.1). `subject` null: the base document. */
export const provisioningDocument = (options: {
  entries: IniDocument | null
  /** Of the request's Space, enabled or not; those that are enabled come first. */
  carddavServers: readonly CarddavServer[]
  /** Absolute URL of `/contacts/vcard` on this host. */
  contactsUrl: string
  subject: Subject | null
  /** What the operator's hooks add; null: there are none. */
  additions: Additions | null
  shape: Shape
  /** What phones were told before; null: nothing. */
  setup: Setup | null
}): ConfigDocument => {
  const { entries, carddavServers, contactsUrl, subject, additions, shape, setup } = options
  const document = new ConfigDocument()
  for (const { name, entries: lines } of entries?.sections ?? []) {
    const section = placed(document, shape, name)
    for (const { key, value } of lines) section?.set(key, value)
  }
  enabledFirst(carddavServers).forEach((server, index) => {
    addCarddavServer(document.section(`remote_contact_directory_${index}`), server)
  })
  if (shape.authInfo > 0) fill(document, 'auth_info_', shape.authInfo, 'username', '-')
  const credentials = subject?.carddavCredentials ?? []
  credentials.forEach(({ username, realm, password, algorithm }, index) => {
    document
      .section(`auth_info_${shape.authInfo + index}`)
      .set('username', username)
      .set('realm', realm)
      .set('ha1', password)
      .set('algorithm', algorithm)
  })
  const misc = document.section('misc').set('contacts-vcard-list', contactsUrl)
  if (shape.once) misc.set('transient_provisioning', 1, { overwrite: true })
  if (subject !== null) addSubject(document, subject, additions, shape)
  for (const { name, entries: added } of additions?.sections ?? []) {
    const section = placed(document, shape, name)
    if (section !== null) addEntries(section, added)
  }
  if (shape.moves && shape.proxy !== null && setup !== null) {
    move(document.section(`proxy_${shape.proxy}`), toldBy(document, shape.proxy), setup)
  }
  if (shape.authInfo > 0) {
    // No earlier document has left anything behind the account's first one.
    const isFirst = shape.once && setup === null
    const reach = isFirst ? 0 : Math.max(carddavServers.length, credentials.length) + OWN_AUTH_INFOS
    replaceCredentials(document, shape.authInfo, reach)
  }
  if (shape.keepsProxies) keepProxies(document)
  return document
}

/** What the document tells a phone of the account's name and registrar; `proxy`: its number there. */
export const toldBy = (document: ConfigDocument, proxy: number): Told => {
  const { entries } = document.section(`proxy_${proxy}`)
  const text = (key: string) => String(entries.get(key)?.value ?? '')
  return { identity: text('reg_identity'), registrar: text('reg_proxy') }
}

/** The section that custom entries or a hook mean: numbers count from where the account stands. null: it stays out. */
const placed = (document: ConfigDocument, { proxy, authInfo }: Shape, name: string): ConfigSection | null => {
  const [, kind, number] = /^(proxy_|auth_info_)(\d{1,6})$/.exec(name) ?? []
  if (kind === undefined) return document.section(name)
  const first = kind === 'proxy_' ? proxy : authInfo
  return first === null ? null : document.section(`${kind}${first + Number(number)}`)
}

/**
 * A client reads numbered sections up to the first that is missing. Those in front of `count` that the document does
 * not have get one entry that makes nothing of them, and that leaves alone what a phone has there.
 */
const fill = (document: ConfigDocument, prefix: string, count: number, key: string, value: string | number): void => {
  for (let index = 0; index < count; index++) {
    const name = `${prefix}${index}`
    if (!document.has(name)) document.section(name).set(key, value, { overwrite: 'never' })
  }
}

const fillProxies = (document: ConfigDocument, count: number): void =>
  fill(document, 'proxy_', count, 'reg_expires', 3600)

/** What an account has beside those of its address books: MD5, SHA-256, and one for its line. */
const OWN_AUTH_INFOS = 3

const AUTH_INFO_KEYS = ['username', 'domain', 'ha1', 'realm', 'algorithm']

/**
 * Linphone 5.1 keeps what it holds unless told otherwise, and of sections for one user the last wins: with a former HA1
 * in any of them the phone cannot register. So all sections from `first` on are overwritten, and those beyond ours that
 * an earlier document may have had, `reach` altogether, by nothing.
 */
const replaceCredentials = (document: ConfigDocument, first: number, reach: number): void => {
  for (let index = first; index < first + reach || document.has(`auth_info_${index}`); index++) {
    replace(document.section(`auth_info_${index}`), AUTH_INFO_KEYS)
  }
}

/**
 * Overwrites the name and the registrar where one of them has changed. Documents that nobody wrote down had the account
 * wait for its line.
 */
const move = (proxy: ConfigSection, told: Told, setup: Setup): void => {
  if (setup.moved || differs(told, setup)) replace(proxy, ['reg_identity', 'reg_proxy'])
  if (setup.identity === null && setup.line && !proxy.has('depends_on')) replace(proxy, ['depends_on'])
}

/** Has them all overwritten: by what the section says, or by nothing. */
const replace = (section: ConfigSection, keys: readonly string[]): void => {
  for (const key of keys) section.set(key, section.entries.get(key)?.value ?? null, { overwrite: true })
}

/** What a Space has overwritten everywhere is not overwritten in proxies, unless a hook says so. */
const keepProxies = (document: ConfigDocument): void => {
  for (const [name, section] of document.sections) {
    if (!/^proxy_\d+$/.test(name)) continue
    for (const [key, { value, overwrite }] of section.entries) {
      if (!overwrite) section.set(key, value, { overwrite: 'never' })
    }
  }
}

const addEntries = (section: ConfigSection, entries: Additions['proxy']): void => {
  for (const { name, value, overwrite } of entries) section.set(name, value, { overwrite })
}

/** liblinphone 5.5 keeps the first directory only (compatibility.md §2.8). */
const enabledFirst = (servers: readonly CarddavServer[]): readonly CarddavServer[] => [
  ...servers.filter(({ enabled }) => enabled),
  ...servers.filter(({ enabled }) => !enabled),
]

const addCarddavServer = (section: ConfigSection, server: CarddavServer): void => {
  section
    .set('enabled', server.enabled)
    .set('type', 'carddav')
    .set('uri', server.uri)
    .set('min_characters', server.minCharacters)
    .set('results_limit', server.resultsLimit)
    .set('timeout', server.timeout)
    .set('delay', server.delay)
    .set('carddav_fields_for_user_input', server.fieldsForUserInput)
    .set('carddav_fields_for_domain', server.fieldsForDomain)
    .set('carddav_use_exact_match_policy', server.useExactMatchPolicy)
}

const addSubject = (document: ConfigDocument, subject: Subject, additions: Additions | null, shape: Shape): void => {
  if (!document.has('ui')) {
    const ui = document.section('ui')
    for (const [key, column] of UI_SWITCHES) ui.set(key, subject.space[column])
  }
  addProxy(document, subject, additions, shape)
  // The numbers go on where those of the address books end.
  let authInfos = shape.authInfo + subject.carddavCredentials.length
  const nextAuthInfo = () => document.section(`auth_info_${authInfos++}`)
  for (const { algorithm, ha1: hash } of hashes(subject)) {
    const section = nextAuthInfo()
      .set('username', subject.username)
      .set('domain', subject.domain)
      .set('ha1', hash)
      .set('realm', realmOf(subject.space))
      .set('algorithm', algorithm)
    addEntries(section, additions?.auth[algorithm] ?? [])
  }
  const { externalAccount } = subject
  if (externalAccount === null) return
  if (shape.line !== null) addLine(document, shape.line, externalAccount)
  addLineCredential(nextAuthInfo(), externalAccount)
}

const addProxy = (
  document: ConfigDocument,
  { space, username, domain, displayName }: Subject,
  additions: Additions | null,
  { proxy: number }: Shape,
): void => {
  if (number === null) return
  fillProxies(document, number)
  const proxy = document
    .section(`proxy_${number}`)
    .set('reg_identity', nameAddr(displayName, sipUri(username, domain)))
    .setIfAbsent('reg_proxy', registrarUri(space))
    .setIfAbsent('reg_sendregister', 1)
    .setIfAbsent('refkey', 'push_notification')
  addEntries(proxy, additions?.proxy ?? [])
}

/**
 * What apps know the line by. Nothing depends on it: an account would not register where the carrier refuses the line.
 */
const EXTERNAL = 'external_account'

const freeProxy = (document: ConfigDocument, from: number): string => {
  let index = from
  while (document.has(`proxy_${index}`)) index++
  return `proxy_${index}`
}

/** The phone registers with the carrier as well (behaviour/provisioning.md §7.5). */
const addLine = (document: ConfigDocument, from: number, account: ExternalAccount): void => {
  const { username, domain, registrar, outboundProxy, protocol } = account
  fillProxies(document, from)
  const proxy = document
    .section(freeProxy(document, from))
    .set('reg_identity', nameAddr(null, sipUri(username, hostOf(domain))))
    .set('reg_sendregister', 1)
    .set('refkey', 'push_notification')
    .set('idkey', EXTERNAL)
    .set('reg_proxy', routeTo(registrar ?? domain, `;transport=${protocol.toLowerCase()}`))
  if (outboundProxy !== null) proxy.set('reg_route', routeTo(outboundProxy, ';lr'))
}

const addLineCredential = (section: ConfigSection, account: ExternalAccount): void => {
  const { username, domain, password, realm, algorithm } = account
  section
    .set('username', username)
    .set('domain', domain)
    .set('ha1', password)
    .set('realm', realm ?? domain)
    .set('algorithm', algorithm)
}
