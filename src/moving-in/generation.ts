import { MovingFailure } from './failure.ts'
import type { Columns } from './source.ts'

/** Which of their versions made the database, as its tables tell. */
export interface Generation {
  readonly name: string
  /** Where Spaces are kept; null: there are none yet, and every domain of accounts is one. */
  readonly spaces: 'spaces' | 'sip_domains' | null
  /** Whether a Space without a row of digest settings stores no passwords. */
  readonly hasDigestRows: boolean
}

/** Tables that every version since Spaces exist has. */
const SINCE_SPACES = [
  'accounts',
  'passwords',
  'accounts_tombstones',
  'api_keys',
  'account_creation_request_tokens',
  'account_creation_tokens',
  'account_recovery_tokens',
  'auth_tokens',
  'provisioning_tokens',
  'phone_change_codes',
  'email_change_codes',
  'reset_password_email_tokens',
  'account_dictionary_entries',
  'external_accounts',
  'contacts',
  'contacts_lists',
  'contacts_list_contact',
  'account_contacts_list',
  'account_types',
  'account_account_type',
  'account_actions',
  'vcards_storage',
  'phone_countries',
  'space_email_servers',
  'statistics_messages',
  'statistics_message_devices',
  'statistics_calls',
  'statistics_call_devices',
]

interface Known extends Generation {
  /** Its marks: tables, or columns written `table.column`. */
  readonly marks: readonly string[]
  readonly needs: readonly string[]
}

/** The newest first. */
const KNOWN: readonly Known[] = [
  {
    name: 'July or August 2026',
    spaces: 'spaces',
    hasDigestRows: true,
    marks: ['spaces', 'space_digest_authentication_configurations'],
    needs: [...SINCE_SPACES, 'call_forwardings', 'space_carddav_servers', 'account_carddav_credentials'],
  },
  {
    name: 'August 2025 to June 2026',
    spaces: 'spaces',
    hasDigestRows: false,
    marks: ['spaces', 'space_carddav_servers'],
    needs: [...SINCE_SPACES, 'account_carddav_credentials'],
  },
  {
    name: 'November 2024 to summer 2025',
    spaces: 'spaces',
    hasDigestRows: false,
    marks: ['spaces'],
    needs: ['accounts', 'passwords', 'contacts', 'api_keys'],
  },
  {
    name: 'July to November 2024',
    spaces: 'sip_domains',
    hasDigestRows: false,
    marks: ['sip_domains'],
    needs: ['accounts', 'passwords', 'contacts', 'api_keys'],
  },
  {
    name: '2023 to July 2024',
    spaces: null,
    hasDigestRows: false,
    marks: ['accounts', 'passwords', 'account_creation_tokens'],
    needs: ['accounts', 'passwords', 'contacts', 'api_keys'],
  },
  {
    name: '2021 to June 2022',
    spaces: null,
    hasDigestRows: false,
    marks: ['accounts', 'passwords', 'tokens'],
    needs: ['accounts', 'passwords', 'aliases', 'admins'],
  },
]

/** Columns without which nobody can be moved. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  accounts: ['id', 'username', 'domain', 'activated'],
  passwords: ['account_id', 'password', 'algorithm'],
  spaces: ['id', 'domain', 'host', 'name'],
  sip_domains: ['domain'],
}

/** Refuses what is not such a database, and one that lacks tables which its version has. */
export const recognise = (columns: Columns, name: string): Generation => {
  const isThere = (mark: string): boolean => {
    const [table = '', column] = mark.split('.')
    return column === undefined ? columns.has(table) : columns.get(table)?.has(column) === true
  }
  const known = KNOWN.find(({ marks }) => marks.every(isThere))
  if (known === undefined) {
    const why = columns.size === 0 ? 'it has no tables' : 'its tables are of no version that is known'
    throw new MovingFailure('refused', `${name} is no database of a Flexisip Account Manager: ${why}.`)
  }
  const missing = known.needs.filter((table) => !columns.has(table))
  if (missing.length > 0) {
    throw new MovingFailure(
      'refused',
      `${name} looks like a database of ${known.name}, but tables are missing: ${missing.join(', ')}.`,
    )
  }
  const lacking = Object.entries(NEEDED).flatMap(([table, needed]) =>
    columns.has(table) ? needed.map((column) => `${table}.${column}`).filter((mark) => !isThere(mark)) : [],
  )
  if (lacking.length > 0) {
    throw new MovingFailure('refused', `${name} lacks columns that are needed: ${lacking.join(', ')}.`)
  }
  return known
}
