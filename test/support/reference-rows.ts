import { ha1 } from '../../src/protocols/digest.ts'
import { insertion, type Version } from './reference-schema.ts'

const AT = '2024-03-31 02:30:00'
const stamps = { created_at: AT, updated_at: AT }
const origin = { ip: '192.0.2.7', user_agent: 'Linphone' }

export const DOMAIN = 'sip.example.net'
export const REALM = 'example'
export const PASSWORD = 'correct-horse'
/** Of `carol`, whose phone computes with the realm of her Space. */
export const HA1 = ha1('SHA-256', 'carol', REALM, PASSWORD)
export const TOKEN = 'Abcdefghij123'
export const ADMIN_KEY = 'an-admin-key-of-forty-letters-for-flexisip'
export const VOICEMAIL = '019c3f52-7d1e-7a40-8c6b-5e02d9b7f318'

const account = (id: number, username: string, more: Record<string, unknown> = {}) => ({
  id,
  username,
  domain: DOMAIN,
  email: null,
  activated: 1,
  ip_address: '192.0.2.1',
  user_agent: 'Test',
  created_at: AT,
  display_name: null,
  dtmf_protocol: null,
  updated_at: AT,
  ...more,
})

const since2024 = (id: number, username: string, more: Record<string, unknown> = {}) =>
  account(id, username, { blocked: 0, admin: 0, phone: null, ...more })

const newest = (version: Version) => [
  insertion('spaces', [
    {
      id: 7,
      domain: DOMAIN,
      host: 'accounts.example.net',
      name: 'Exämple 🐦',
      super: 1,
      max_accounts: 500,
      custom_provisioning_entries: '[misc]\nuuid_check=1',
      intercom_features: 1,
      copyright_text: '© us',
      ...(version === 'RH'
        ? { unique_email: 0, theme_hue: 210, logo: 'look.png' }
        : { account_realm: REALM, provisioning_use_linphone_provisioning_header: 1 }),
      ...stamps,
    },
  ]),
  ...(version === 'RH'
    ? [
        insertion('space_digest_authentication_configurations', [
          { id: 1, realm: REALM, default_password_algorithm: 'SHA-256', space_id: 7, ...stamps },
        ]),
        insertion('call_forwardings', [
          {
            id: 4,
            account_id: 12,
            type: 'away',
            forward_to: 'contact',
            sip_uri: null,
            enabled: 1,
            contact_id: 30,
            ...stamps,
          },
          {
            id: 5,
            account_id: 12,
            type: 'always',
            forward_to: 'sip_uri',
            sip_uri: 'sip:x@example.com',
            enabled: 0,
            contact_id: null,
            ...stamps,
          },
        ]),
      ]
    : []),
  insertion('space_email_servers', [
    {
      id: 1,
      host: 'mail.example.net',
      port: 587,
      username: 'u',
      password: 'smtp-secret',
      from_address: 'sip@example.net',
      from_name: 'SIP',
      signature: 'Bye',
      space_id: 7,
      ...stamps,
    },
  ]),
  insertion('accounts', [
    since2024(12, 'carol', {
      email: 'Carol@Example.net',
      phone: '+33612312312',
      display_name: 'Carôl 🐦',
      dtmf_protocol: 'rfc2833',
    }),
    since2024(30, 'dave', { admin: 1, created_at: '0000-00-00 00:00:00' }),
    since2024(31, 'erin', { activated: 0, blocked: 1 }),
  ]),
  insertion('passwords', [
    { id: 1, account_id: 12, password: HA1, algorithm: 'SHA-256' },
    { id: 2, account_id: 30, password: ha1('MD5', 'dave', REALM, PASSWORD).toUpperCase(), algorithm: 'MD5' },
    { id: 3, account_id: 31, password: 'in-clear', algorithm: 'CLRTXT' },
  ]),
  insertion('api_keys', [
    {
      id: 1,
      account_id: 30,
      key: ADMIN_KEY,
      last_used_at: AT,
      ip: null,
      requests: 9,
      name: 'Flexisip',
      expires_after_last_used_minutes: 0,
      ...stamps,
    },
    {
      id: 2,
      account_id: 12,
      key: 'own-key-of-carol',
      last_used_at: AT,
      ip: '192.0.2.9',
      requests: 1,
      name: null,
      expires_after_last_used_minutes: null,
      ...stamps,
    },
  ]),
  insertion('accounts_tombstones', [{ id: 1, username: 'gone', domain: DOMAIN, ...stamps }]),
  insertion('account_dictionary_entries', [{ id: 1, key: 'shoe', value: '42', account_id: 12, ...stamps }]),
  insertion('external_accounts', [
    {
      id: 9,
      username: 'line',
      domain: 'carrier.example',
      password: ha1('MD5', 'line', 'carrier.example', 'x'),
      algorithm: 'MD5',
      realm: null,
      registrar: 'reg.carrier.example',
      outbound_proxy: null,
      protocol: 'TLS',
      account_id: 12,
      ...stamps,
    },
  ]),
  insertion('space_carddav_servers', [{ id: 3, enabled: 1, uri: 'https://dav.example.net/', space_id: 7, ...stamps }]),
  insertion('account_carddav_credentials', [
    {
      username: 'dav',
      password: ha1('MD5', 'dav', 'dav', 'x'),
      realm: 'dav',
      algorithm: 'MD5',
      space_carddav_server_id: 3,
      account_id: 12,
      ...stamps,
    },
  ]),
  insertion('contacts', [{ account_id: 12, contact_id: 30, ...stamps }]),
  insertion('contacts_lists', [{ id: 6, title: 'Everybody', description: 'all of us', space_id: 7, ...stamps }]),
  insertion('contacts_list_contact', [{ contacts_list_id: 6, contact_id: 30, ...stamps }]),
  insertion('account_contacts_list', [{ account_id: 12, contacts_list_id: 6, ...stamps }]),
  insertion('vcards_storage', [
    {
      id: 1,
      uuid: 'f66c0e33-5e7c-4fc3-bd57-4f2e6d1e8d5e',
      vcard: 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ö\r\nEND:VCARD\r\n',
      account_id: 12,
      ...stamps,
    },
  ]),
  insertion('phone_countries', [
    { code: 'FR', country_code: '33', activated: 1, ...stamps },
    { code: 'DE', country_code: '49', activated: 0, ...stamps },
  ]),
  insertion('account_files', [
    {
      id: VOICEMAIL,
      account_id: 12,
      name: 'ab12cd34_message.wav',
      size: 44,
      content_type: 'audio/wav',
      sip_from: 'sip:dave@sip.example.net',
      uploaded_at: AT,
      ...stamps,
    },
    {
      id: '019c3f52-7d1e-7a40-8c6b-5e02d9b7f319',
      account_id: 12,
      name: null,
      size: null,
      content_type: 'audio/opus',
      sip_from: null,
      uploaded_at: null,
      ...stamps,
    },
  ]),
  insertion('statistics_messages', [
    {
      id: 'm1',
      from_username: 'carol',
      from_domain: DOMAIN,
      sent_at: AT,
      encrypted: 1,
      conference_id: null,
      ...stamps,
    },
  ]),
  insertion('statistics_message_devices', [
    {
      id: 1,
      message_id: 'm1',
      to_username: 'dave',
      to_domain: DOMAIN,
      device_id: 'urn:uuid:1',
      last_status: 200,
      received_at: AT,
      ...stamps,
    },
    {
      id: 2,
      message_id: 'm1',
      to_username: 'dave',
      to_domain: DOMAIN,
      device_id: 'urn:uuid:2',
      last_status: 200,
      received_at: AT,
      ...stamps,
    },
  ]),
  insertion('statistics_calls', [
    {
      id: 'c1',
      from_username: 'carol',
      from_domain: DOMAIN,
      to_username: 'x',
      to_domain: 'example.com',
      initiated_at: AT,
      ended_at: null,
      conference_id: null,
      ...stamps,
    },
  ]),
  insertion('statistics_call_devices', [
    {
      id: 1,
      call_id: 'c1',
      device_id: 'urn:uuid:3',
      rang_at: AT,
      invite_terminated_at: AT,
      invite_terminated_state: 'accepted',
      ...stamps,
    },
  ]),
]

const old = [
  insertion('accounts', [
    account(12, 'carol', { email: 'carol@example.net', confirmation_key: null }),
    account(30, 'dave', { confirmation_key: 'ERROR' }),
    account(31, 'erin', { activated: 0, confirmation_key: 'Key1234567890' }),
  ]),
  insertion('passwords', [
    { id: 1, account_id: 12, password: HA1, algorithm: 'SHA-256' },
    { id: 2, account_id: 30, password: ha1('MD5', 'dave', REALM, PASSWORD), algorithm: 'MD5' },
  ]),
  insertion('aliases', [
    { id: 1, account_id: 12, alias: '+33612312312', domain: DOMAIN },
    { id: 2, account_id: 12, alias: '+33612312313', domain: DOMAIN },
  ]),
  insertion('admins', [{ id: 1, account_id: 30, ...stamps }]),
  insertion('activation_expirations', [{ id: 1, account_id: 31, expires: '2030-01-01 00:00:00' }]),
  insertion('contacts', [{ account_id: 12, contact_id: 30, ...stamps }]),
]

const shared = [
  insertion('account_types', [{ id: 2, key: 'phone', ...stamps }]),
  insertion('account_account_type', [{ account_id: 12, account_type_id: 2, ...stamps }]),
  insertion('account_actions', [{ id: 8, account_id: 12, key: 'open', code: '42', ...stamps }]),
  insertion('provisioning_tokens', [
    { id: 1, account_id: 12, token: 'Used567890123', used: 1, ...origin, ...stamps },
    { id: 2, account_id: 12, token: TOKEN, used: 0, ...origin, ...stamps },
  ]),
  insertion('account_creation_tokens', [
    {
      id: 1,
      token: 'Create7890123',
      pn_provider: 'fcm',
      pn_param: 'p',
      pn_prid: 'i',
      used: 0,
      account_id: null,
      ...origin,
      ...stamps,
    },
  ]),
]

/** Some rows in every table that matters. For `Dialect` `postgres` booleans are written as such. */
export const referenceRows = (version: Version): string =>
  [...(version === 'R23' ? old : newest(version)), ...shared].join('')
