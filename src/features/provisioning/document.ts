import type { Additions } from '../../hooks/hooks.ts'
import { ha1 } from '../../protocols/digest.ts'
import { type IniDocument, MANAGED_KEYS, parseIni } from '../../protocols/ini.ts'
import { ConfigDocument, type ConfigSection } from '../../protocols/lpconfig.ts'
import { isIpAddress, nameAddr, sipUri } from '../../protocols/sip-address.ts'
import type { CarddavCredential } from '../carddav/carddav.ts'
import type { ExternalAccount } from '../external-accounts/external-accounts.ts'
import { type CarddavServer, realmOf, type Space } from '../spaces/space.ts'

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
 * left out (spec §6.3). What the platform sets itself stays out of a Space's text, and stays in the operator's file.
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

/** A host, a host with its port, or a whole URI, as an address between angle brackets; only a host gets `parameters`. */
const routeTo = (address: string, parameters = ''): string => {
  if (address.startsWith('<')) return address
  return /^sips?:/i.test(address) ? `<${address}>` : `<sip:${hostOf(address)}${parameters}>`
}

/** An IPv6 address stands in brackets wherever a port may follow (RFC 3261 §25.1). */
const hostOf = (address: string): string => (address.includes(':') && isIpAddress(address) ? `[${address}]` : address)

/** clients.md §2: without `reg_proxy` a Linphone client creates no account. */
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

/** spec provisioning.md §6.1: the sections in their order. `subject` null: the base document. */
export const provisioningDocument = (options: {
  entries: IniDocument | null
  /** Of the request's Space, enabled or not; those that are enabled come first. */
  carddavServers: readonly CarddavServer[]
  /** Absolute URL of `/contacts/vcard` on this host. */
  contactsUrl: string
  subject: Subject | null
  /** What the operator's hooks add; null: there are none. */
  additions: Additions | null
  /** Whether the phone may hold an earlier document of the account, which this one replaces. */
  again: boolean
}): ConfigDocument => {
  const { entries, carddavServers, contactsUrl, subject, additions, again } = options
  const document = new ConfigDocument()
  for (const { name, entries: lines } of entries?.sections ?? []) {
    const section = document.section(name)
    for (const { key, value } of lines) section.set(key, value)
  }
  enabledFirst(carddavServers).forEach((server, index) => {
    addCarddavServer(document.section(`remote_contact_directory_${index}`), server)
  })
  const credentials = subject?.carddavCredentials ?? []
  credentials.forEach(({ username, realm, password, algorithm }, index) => {
    document
      .section(`auth_info_${index}`)
      .set('username', username)
      .set('realm', realm)
      .set('ha1', password)
      .set('algorithm', algorithm)
  })
  document.section('misc').set('contacts-vcard-list', contactsUrl)
  if (subject !== null) addSubject(document, subject, additions)
  for (const { name, entries: added } of additions?.sections ?? []) addEntries(document.section(name), added)
  if (again) replaceFormer(document, Math.max(carddavServers.length, credentials.length) + OWN_AUTH_INFOS)
  return document
}

/** What an account has beside those of its address books: MD5, SHA-256, and one for its line. */
const OWN_AUTH_INFOS = 3

const AUTH_INFO_KEYS = ['username', 'domain', 'ha1', 'realm', 'algorithm']

const LINE_KEYS = ['reg_identity', 'reg_sendregister', 'refkey', 'idkey', 'reg_proxy', 'reg_route']

/**
 * Linphone 5.1 keeps what it holds unless told otherwise, sections beyond those of the document included, and of
 * sections for one user the last wins: with a former HA1 in any of them the phone cannot register. It skips a section
 * that is blank throughout, and makes none of it. It also goes on waiting for a line that is gone before it registers
 * the account. The line's proxy stays: it may as well be an account of the person's own.
 */
const replaceFormer = (document: ConfigDocument, authInfos: number): void => {
  for (let index = 0; index < authInfos; index++) replace(document.section(`auth_info_${index}`), AUTH_INFO_KEYS)
  const proxy = document.section('proxy_0')
  if (!proxy.has('depends_on')) replace(proxy, ['depends_on'])
  for (const section of document.sections.values()) {
    if (section.entries.get('idkey')?.value === EXTERNAL) replace(section, LINE_KEYS)
  }
}

/** Has them all overwritten: by what the section says, or by nothing. */
const replace = (section: ConfigSection, keys: readonly string[]): void => {
  for (const key of keys) section.set(key, section.entries.get(key)?.value ?? null, { overwrite: true })
}

const addEntries = (section: ConfigSection, entries: Additions['proxy']): void => {
  for (const { name, value, overwrite } of entries) section.set(name, value, { overwrite })
}

/** liblinphone 5.5 keeps the first directory only (spec clients.md §8). */
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

const addSubject = (document: ConfigDocument, subject: Subject, additions: Additions | null): void => {
  const { space, username, domain, displayName, carddavCredentials, externalAccount } = subject
  if (!document.has('ui')) {
    const ui = document.section('ui')
    for (const [key, column] of UI_SWITCHES) ui.set(key, space[column])
  }
  const proxy = document
    .section('proxy_0')
    .set('reg_identity', nameAddr(displayName, sipUri(username, domain)))
    .setIfAbsent('reg_proxy', registrarUri(space))
    .setIfAbsent('reg_sendregister', 1)
    .setIfAbsent('refkey', 'push_notification')
  addEntries(proxy, additions?.proxy ?? [])
  // The numbers go on where those of the address books end.
  let authInfos = carddavCredentials.length
  const nextAuthInfo = () => document.section(`auth_info_${authInfos++}`)
  for (const { algorithm, ha1: hash } of hashes(subject)) {
    const section = nextAuthInfo()
      .set('username', username)
      .set('domain', domain)
      .set('ha1', hash)
      .set('realm', realmOf(space))
      .set('algorithm', algorithm)
    addEntries(section, additions?.auth[algorithm] ?? [])
  }
  if (externalAccount === null) return
  addExternalAccount(document.section(freeProxy(document)), nextAuthInfo(), externalAccount)
}

/** What apps know the line by. Nothing depends on it: an account would not register where the carrier refuses the line. */
const EXTERNAL = 'external_account'

const freeProxy = (document: ConfigDocument): string => {
  let index = 1
  while (document.has(`proxy_${index}`)) index++
  return `proxy_${index}`
}

/** spec provisioning.md §6.4: the phone registers with the carrier as well. */
const addExternalAccount = (proxy: ConfigSection, authInfo: ConfigSection, account: ExternalAccount): void => {
  const { username, domain, password, realm, registrar, outboundProxy, protocol, algorithm } = account
  proxy
    .set('reg_identity', nameAddr(null, sipUri(username, hostOf(domain))))
    .set('reg_sendregister', 1)
    .set('refkey', 'push_notification')
    .set('idkey', EXTERNAL)
    .set('reg_proxy', routeTo(registrar ?? domain, `;transport=${protocol.toLowerCase()}`))
  if (outboundProxy !== null) proxy.set('reg_route', routeTo(outboundProxy, ';lr'))
  authInfo
    .set('username', username)
    .set('domain', domain)
    .set('ha1', password)
    .set('realm', realm ?? domain)
    .set('algorithm', algorithm)
}
