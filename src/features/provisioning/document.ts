import { ha1 } from '../../protocols/digest.ts'
import { type IniDocument, MANAGED_KEYS, parseIni } from '../../protocols/ini.ts'
import { ConfigDocument } from '../../protocols/lpconfig.ts'
import { nameAddr, sipUri } from '../../protocols/sip-address.ts'
import { realmOf, type Space } from '../spaces/space.ts'

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

/** clients.md §2: without `reg_proxy` a Linphone client creates no account. */
const registrarUri = (space: Space): string => {
  const address = space.accountProxyRegistrarAddress
  if (address === null) return `<sip:${space.domain};transport=tls>`
  if (address.startsWith('<')) return address
  return /^sips?:/i.test(address) ? `<${address}>` : `<sip:${address}>`
}

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
  /** Absolute URL of `/contacts/vcard` on this host. */
  contactsUrl: string
  subject: Subject | null
}): ConfigDocument => {
  const { entries, contactsUrl, subject } = options
  const document = new ConfigDocument()
  for (const { name, entries: lines } of entries?.sections ?? []) {
    const section = document.section(name)
    for (const { key, value } of lines) section.set(key, value)
  }
  document.section('misc').set('contacts-vcard-list', contactsUrl)
  if (subject === null) return document

  const { space, username, domain, displayName } = subject
  if (!document.has('ui')) {
    const ui = document.section('ui')
    for (const [key, column] of UI_SWITCHES) ui.set(key, space[column])
  }
  document
    .section('proxy_0')
    .set('reg_identity', nameAddr(displayName, sipUri(username, domain)))
    .setIfAbsent('reg_proxy', registrarUri(space))
    .setIfAbsent('reg_sendregister', 1)
    .setIfAbsent('refkey', 'push_notification')
  hashes(subject).forEach(({ algorithm, ha1: hash }, index) => {
    document
      .section(`auth_info_${index}`)
      .set('username', username)
      .set('domain', domain)
      .set('ha1', hash)
      .set('realm', realmOf(space))
      .set('algorithm', algorithm)
  })
  return document
}
