import { sql } from 'drizzle-orm'
import type { Message, MessageId } from '../messages/messages.ts'
import type { Columns } from './columns.postgres.ts'

/** From where somebody asked for a task. */
export interface TaskOrigin {
  readonly address: string
  readonly network: string
  readonly userAgent: string | null
  readonly language: 'en' | 'fr'
  readonly request: string
  readonly isPage: boolean
  readonly via: 'digest' | 'key' | 'cookie' | 'session'
}

/** `undoing`: it was cancelled or failed, and what it has done is taken back. */
export type TaskStatus = 'waiting' | 'running' | 'undoing' | 'done' | 'failed' | 'cancelled'

/** What a task came to, translated when somebody reads it, and where to go on: a path below the base path. */
export interface TaskOutcome {
  readonly message: Message
  readonly go?: { readonly label: MessageId; readonly to: string }
}

/** What is wrong with a line of a file of accounts; `shown` is what stands there, null where that is a secret. */
export interface ImportFault extends Message {
  readonly column: string
  readonly shown: string | null
}

/**
 * Every table, once, for both databases. Names are a contract with operators' SQL (behaviour/data.md §1): Flexisip and
 * Kamailio read `accounts`, `passwords` and `external_accounts`.
 */
export const defineTables = (c: Columns) => {
  const stamps = {
    createdAt: c.moment().notNull(),
    updatedAt: c.moment().notNull(),
  }

  const spaces = c.table(
    'spaces',
    {
      id: c.id(),
      domain: c.text().notNull(),
      host: c.text().notNull(),
      name: c.text().notNull(),
      super: c.flag().notNull().default(false),
      maxAccounts: c.count().notNull().default(0),
      maxAccount: c.count().notNull().default(0),
      expireAt: c.moment(),
      uniqueEmail: c.flag().notNull().default(false),
      accountProxyRegistrarAddress: c.text(),
      customProvisioningEntries: c.text(),
      customProvisioningOverwriteAll: c.flag().notNull().default(false),
      provisioningUseLinphoneProvisioningHeader: c.flag().notNull().default(false),
      disableBroadcastFeature: c.flag().notNull().default(true),
      disableChatFeature: c.flag().notNull().default(false),
      disableMeetingsFeature: c.flag().notNull().default(false),
      disableCallRecordingsFeature: c.flag().notNull().default(false),
      hideSettings: c.flag().notNull().default(false),
      hideAccountSettings: c.flag().notNull().default(false),
      onlyDisplaySipUriUsername: c.flag().notNull().default(false),
      assistantHideCreateAccount: c.flag().notNull().default(false),
      assistantDisableQrCode: c.flag().notNull().default(false),
      assistantHideThirdPartyAccount: c.flag().notNull().default(false),
      webPanel: c.flag().notNull().default(true),
      publicRegistration: c.flag().notNull().default(true),
      phoneRegistration: c.flag().notNull().default(true),
      intercomFeatures: c.flag().notNull().default(false),
      carddavUserCredentials: c.flag().notNull().default(false),
      clientCertificateAuthentication: c.flag().notNull().default(false),
      newsletterRegistrationAddress: c.text(),
      copyrightText: c.text(),
      introRegistrationText: c.text(),
      themeHue: c.count(),
      logo: c.text(),
      /** All voicemails of its accounts together; 0: as much as there is room for. */
      maxVoicemailBytes: c.bytes().notNull().default(0),
      /** What a Flexisip of this Space calls the forwarding of calls that nobody answers (D23). */
      callForwardingNoAnswerWire: c.text().$type<'away' | 'no_answer'>().notNull().default('away'),
      /** Language of messages to people who have chosen none; null: that of whoever caused the message. */
      locale: c.text().$type<'en' | 'fr'>(),
      /** It goes then, with all that is in it, and is out of service until then; null: it stays. */
      purgeAt: c.moment(),
      /** Since then it is going: from that moment on nothing keeps it. */
      purgeBegunAt: c.moment(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('spaces_domain_unique').on(t.domain),
      c.uniqueIndex('spaces_host_unique').on(t.host),
      c.uniqueIndex('spaces_name_unique').on(t.name),
    ],
  )

  /**
   * Absent row: the Space stores no passwords. `realm` null: the SIP domain. Algorithm null: the client chooses (D1).
   */
  const spaceDigestAuthenticationConfigurations = c.table(
    'space_digest_authentication_configurations',
    {
      id: c.id(),
      spaceId: c
        .ref()
        .notNull()
        .references(() => spaces.id, { onDelete: 'cascade' }),
      realm: c.text(),
      defaultPasswordAlgorithm: c.text().$type<'MD5' | 'SHA-256'>(),
      ...stamps,
    },
    (t) => [c.uniqueIndex('space_digest_authentication_configurations_space_id_unique').on(t.spaceId)],
  )

  const accounts = c.table(
    'accounts',
    {
      id: c.id(),
      username: c.text().notNull(),
      domain: c
        .text()
        .notNull()
        .references(() => spaces.domain, { onDelete: 'cascade' }),
      email: c.text(),
      phone: c.text(),
      displayName: c.text(),
      dtmfProtocol: c.text().$type<'sipinfo' | 'rfc2833' | 'sipmessage'>(),
      activated: c.flag().notNull().default(false),
      /** By an administrator, as only one switches it on again (D48); never true while `activated` is. */
      switchedOff: c.flag().notNull().default(false),
      blocked: c.flag().notNull().default(false),
      admin: c.flag().notNull().default(false),
      /** Made in the panel by whoever it is for: validated by its first code only (D49). */
      selfRegistered: c.flag().notNull().default(false),
      ipAddress: c.text().notNull(),
      userAgent: c.text().notNull(),
      /** Language of messages to it; null: that of its Space. */
      locale: c.text().$type<'en' | 'fr'>(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('accounts_username_domain_unique').on(t.username, t.domain),
      c.uniqueIndex('accounts_domain_phone_unique').on(t.domain, t.phone).where(sql`phone is not null`),
      c.index('accounts_domain_id_index').on(t.domain, t.id),
      c.index('accounts_domain_folded_email_index').on(t.domain, c.folded(sql`email`)),
      c.index('accounts_administrators_index').on(t.domain).where(sql`admin`),
      c.index('accounts_blocked_index').on(t.domain, t.id).where(sql`blocked`),
      c.index('accounts_inactive_index').on(t.domain, t.id).where(sql`not activated`),
    ],
  )

  /**
   * How many accounts of a domain have an id in [block × 1000, (block + 1) × 1000). Kept by triggers (see the
   * migrations), so that counting and finding page n never scan `accounts`.
   */
  const accountBlocks = c.table(
    'account_blocks',
    { domain: c.text().notNull(), block: c.count().notNull(), accounts: c.count().notNull() },
    (t) => [c.primaryKey({ columns: [t.domain, t.block] })],
  )

  const ofAccount = () =>
    c
      .ref()
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' })

  const passwords = c.table(
    'passwords',
    {
      id: c.id(),
      accountId: ofAccount(),
      /** HA1 in lower-case hex. */
      password: c.text().notNull(),
      algorithm: c.text().$type<'MD5' | 'SHA-256' | 'CLRTXT'>().notNull().default('MD5'),
    },
    (t) => [c.uniqueIndex('passwords_account_id_algorithm_unique').on(t.accountId, t.algorithm)],
  )

  const accountsTombstones = c.table(
    'accounts_tombstones',
    { id: c.id(), username: c.text().notNull(), domain: c.text().notNull(), ...stamps },
    (t) => [
      c.uniqueIndex('accounts_tombstones_username_domain_unique').on(t.username, t.domain),
      c.index('accounts_tombstones_created_at_index').on(t.createdAt),
    ],
  )

  const apiKeys = c.table(
    'api_keys',
    {
      id: c.id(),
      accountId: ofAccount(),
      /** SHA-256 of the key in lower-case hex; the key itself is shown once and never stored. */
      key: c.text().notNull(),
      /** null: the account's own key, the one without a name. */
      name: c.text(),
      /** How a named key begins, so that its owner recognises it; null: nobody knows any more. */
      prefix: c.text(),
      /** What a named key may be used for. */
      scope: c.text().$type<'full' | 'read' | 'telephony' | 'provisioning'>().notNull().default('full'),
      /** The only client address that may use the account's own key; null: any. */
      ip: c.text(),
      /** The networks that a named key works from, in canonical form, with blanks between them; null: everywhere. */
      networks: c.text(),
      requests: c.count().notNull().default(0),
      lastUsedAt: c.moment().notNull(),
      lastUsedAddress: c.text(),
      /** null: the account's own key, whose idle limit is a setting; 0: a named key that may be idle for ever. */
      expiresAfterLastUsedMinutes: c.count(),
      /** The end of a named key, however much it is used; null: none. */
      expireAt: c.moment(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('api_keys_key_unique').on(t.key),
      c.index('api_keys_account_id_index').on(t.accountId),
      // Lists are of named keys alone, and there are many more accounts with a key of their own.
      c.index('api_keys_named_index').on(t.id).where(sql`expires_after_last_used_minutes is not null`),
    ],
  )

  const provisioningTokens = c.table(
    'provisioning_tokens',
    {
      id: c.id(),
      accountId: ofAccount(),
      /** SHA-256 of the token in lower-case hex. */
      token: c.text().notNull(),
      /** The token itself, sealed, for those who may see it while it is good; null: nobody can any more. */
      sealed: c.text(),
      used: c.flag().notNull().default(false),
      ip: c.text(),
      userAgent: c.text(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('provisioning_tokens_token_unique').on(t.token),
      c.index('provisioning_tokens_account_id_index').on(t.accountId, t.id),
    ],
  )

  /**
   * What one-time documents have told phones of an account so far; no row: none was served. Several phones may have had
   * different ones, so what was once true stays.
   */
  const accountSetups = c.table('account_setups', {
    accountId: c
      .ref()
      .primaryKey()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    /** `reg_identity` and `reg_proxy` of the latest document; null: of before such rows were kept. */
    identity: c.text(),
    registrar: c.text(),
    /** One of them has changed since the first document. */
    moved: c.flag().notNull().default(false),
    /** A phone got the account beside those of others. */
    beside: c.flag().notNull().default(false),
    /** A document had the account's external line in it. */
    line: c.flag().notNull().default(false),
    ...stamps,
  })

  const maybeAccount = () => c.ref().references(() => accounts.id, { onDelete: 'cascade' })
  /** null: of no Space in particular, as rows of an adopted database are. */
  const maybeSpace = () => c.ref().references(() => spaces.id, { onDelete: 'cascade' })
  const origin = { ip: c.text(), userAgent: c.text() }

  const accountCreationTokens = c.table(
    'account_creation_tokens',
    {
      id: c.id(),
      spaceId: maybeSpace(),
      /** SHA-256 of the token in lower-case hex. */
      token: c.text().notNull(),
      pnProvider: c.text(),
      pnParam: c.text(),
      pnPrid: c.text(),
      used: c.flag().notNull().default(false),
      /** The account that was made with it, or that consumed it: this is what makes an account "validated". */
      accountId: maybeAccount(),
      ...origin,
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('account_creation_tokens_token_unique').on(t.token),
      c.index('account_creation_tokens_device_index').on(t.pnProvider, t.pnParam, t.pnPrid),
      c.index('account_creation_tokens_account_id_index').on(t.accountId),
      c.index('account_creation_tokens_space_id_index').on(t.spaceId),
    ],
  )

  const accountCreationRequestTokens = c.table(
    'account_creation_request_tokens',
    {
      id: c.id(),
      spaceId: maybeSpace(),
      /** SHA-256 of the token in lower-case hex. */
      token: c.text().notNull(),
      used: c.flag().notNull().default(false),
      validatedAt: c.moment(),
      accCreationTokenId: c.ref().references(() => accountCreationTokens.id, { onDelete: 'cascade' }),
      ...origin,
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('account_creation_request_tokens_token_unique').on(t.token),
      c.index('account_creation_request_tokens_creation_token_id_index').on(t.accCreationTokenId),
      c.index('account_creation_request_tokens_space_id_index').on(t.spaceId),
    ],
  )

  const accountRecoveryTokens = c.table(
    'account_recovery_tokens',
    {
      id: c.id(),
      spaceId: maybeSpace(),
      /** SHA-256 of the token in lower-case hex. */
      token: c.text().notNull(),
      pnProvider: c.text().notNull(),
      pnParam: c.text().notNull(),
      pnPrid: c.text().notNull(),
      used: c.flag().notNull().default(false),
      accountId: maybeAccount(),
      ...origin,
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('account_recovery_tokens_token_unique').on(t.token),
      c.index('account_recovery_tokens_device_index').on(t.pnProvider, t.pnParam, t.pnPrid),
      c.index('account_recovery_tokens_account_id_index').on(t.accountId),
      c.index('account_recovery_tokens_space_id_index').on(t.spaceId),
    ],
  )

  const authTokens = c.table(
    'auth_tokens',
    {
      id: c.id(),
      spaceId: maybeSpace(),
      /** null until somebody who is signed in attaches itself. */
      accountId: maybeAccount(),
      /** SHA-256 of the token in lower-case hex. */
      token: c.text().notNull(),
      ...origin,
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('auth_tokens_token_unique').on(t.token),
      c.index('auth_tokens_created_at_index').on(t.createdAt),
      c.index('auth_tokens_account_id_index').on(t.accountId),
      c.index('auth_tokens_space_id_index').on(t.spaceId),
    ],
  )

  /**
   * The 2021 generation's activation keys (behaviour/legacy.md §6): one an account, remembered once it is spent (D47).
   */
  const accountConfirmationKeys = c.table(
    'account_confirmation_keys',
    {
      id: c.id(),
      accountId: ofAccount(),
      /** SHA-256 of the key in lower-case hex. */
      key: c.text().notNull(),
      /** The key itself, sealed, for administrators while it is pending. */
      sealed: c.text(),
      used: c.flag().notNull().default(false),
      expiresAt: c.moment(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('account_confirmation_keys_account_id_unique').on(t.accountId),
      c.index('account_confirmation_keys_key_index').on(t.key),
    ],
  )

  /** One mail server for a Space, in place of the instance's. */
  const spaceEmailServers = c.table(
    'space_email_servers',
    {
      id: c.id(),
      spaceId: c
        .ref()
        .notNull()
        .references(() => spaces.id, { onDelete: 'cascade' }),
      host: c.text().notNull(),
      port: c.count().notNull(),
      username: c.text(),
      /** Sealed. */
      password: c.text(),
      fromAddress: c.text(),
      fromName: c.text(),
      signature: c.text(),
      /** null: as `MAIL_ENCRYPTION` says. */
      encryption: c.text().$type<'auto' | 'starttls' | 'tls' | 'none'>(),
      /** Whether its certificate is looked at; null: as the settings of the instance say. */
      verifyCertificate: c.flag(),
      ...stamps,
    },
    (t) => [c.uniqueIndex('space_email_servers_space_id_unique').on(t.spaceId)],
  )

  /**
   * Codes that prove a phone number, an e-mail address or a person. `code` is sealed, and null once it was used or a
   * newer one was issued; `confirmedAt` says that it was used. Wrong guesses are counted in `attempts`.
   */
  const pendingCode = {
    code: c.text(),
    attempts: c.count().notNull().default(0),
    confirmedAt: c.moment(),
    ...origin,
    ...stamps,
  }

  const phoneChangeCodes = c.table(
    'phone_change_codes',
    { id: c.id(), accountId: ofAccount(), phone: c.text().notNull(), ...pendingCode },
    (t) => [
      c.index('phone_change_codes_account_id_index').on(t.accountId, t.createdAt),
      c.index('phone_change_codes_pending_index').on(t.accountId).where(sql`code is not null`),
      c.index('phone_change_codes_phone_index').on(t.phone),
      c.index('phone_change_codes_created_at_index').on(t.createdAt),
    ],
  )

  const emailChangeCodes = c.table(
    'email_change_codes',
    {
      id: c.id(),
      accountId: ofAccount(),
      email: c.text().notNull(),
      /** SHA-256 of the secret in the mail's link, which confirms like the code. */
      hash: c.text(),
      /** After the change: the address before it, and SHA-256 of the secret that brings it back. */
      previousEmail: c.text(),
      undoHash: c.text(),
      /** The sentence that whoever registered has ticked to get the newsletter, as it was shown; null: not ticked. */
      newsletterWording: c.text(),
      ...pendingCode,
    },
    (t) => [
      c.index('email_change_codes_account_id_index').on(t.accountId, t.createdAt),
      c.index('email_change_codes_pending_index').on(t.accountId).where(sql`code is not null`),
      c.uniqueIndex('email_change_codes_hash_unique').on(t.hash),
      c.uniqueIndex('email_change_codes_undo_hash_unique').on(t.undoHash),
      c.index('email_change_codes_created_at_index').on(t.createdAt),
    ],
  )

  const recoveryCodes = c.table(
    'recovery_codes',
    {
      id: c.id(),
      spaceId: c
        .ref()
        .notNull()
        .references(() => spaces.id, { onDelete: 'cascade' }),
      /** null: nobody has what was asked for; the page goes on alike, and no code is right. */
      accountId: maybeAccount(),
      phone: c.text(),
      email: c.text(),
      /** SHA-256 of what the form of the code carries. */
      flow: c.text().notNull(),
      ...pendingCode,
    },
    (t) => [
      c.uniqueIndex('recovery_codes_flow_unique').on(t.flow),
      c.index('recovery_codes_account_id_index').on(t.accountId, t.createdAt),
      c.index('recovery_codes_space_id_index').on(t.spaceId),
      c.index('recovery_codes_phone_index').on(t.phone),
      c.index('recovery_codes_created_at_index').on(t.createdAt),
    ],
  )

  const resetPasswordEmailTokens = c.table(
    'reset_password_email_tokens',
    {
      id: c.id(),
      accountId: ofAccount(),
      /** SHA-256 of the token in lower-case hex. */
      token: c.text().notNull(),
      used: c.flag().notNull().default(false),
      email: c.text().notNull(),
      ...origin,
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('reset_password_email_tokens_token_unique').on(t.token),
      c.index('reset_password_email_tokens_account_id_index').on(t.accountId),
      c.index('reset_password_email_tokens_created_at_index').on(t.createdAt),
    ],
  )

  /** Browsers that are signed in. A recovery session may set a password, a registration session type in its code. */
  const sessions = c.table(
    'sessions',
    {
      id: c.id(),
      accountId: ofAccount(),
      /** SHA-256 of the cookie in lower-case hex. */
      token: c.text().notNull(),
      kind: c.text().$type<'panel' | 'recovery' | 'registration'>().notNull(),
      ...origin,
      lastUsedAt: c.moment().notNull(),
      expiresAt: c.moment().notNull(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('sessions_token_unique').on(t.token),
      c.index('sessions_account_id_index').on(t.accountId),
      c.index('sessions_expires_at_index').on(t.expiresAt),
    ],
  )

  /** Whom a Space tells what happens in it (behaviour/webhooks.md). */
  const webhooks = c.table(
    'webhooks',
    {
      id: c.id(),
      spaceId: c
        .ref()
        .notNull()
        .references(() => spaces.id, { onDelete: 'cascade' }),
      name: c.text().notNull(),
      url: c.text().notNull(),
      events: c.json<readonly string[]>().notNull(),
      enabled: c.flag().notNull().default(true),
      /** It answered that nobody is there any more, and was switched off for that. */
      goneAt: c.moment(),
      /** What its messages are signed with. */
      sealed: c.text().notNull(),
      /** The secret before it, which signs as well until then. */
      sealedPrevious: c.text(),
      previousUntil: c.moment(),
      ...stamps,
    },
    (t) => [c.index('webhooks_space_id_index').on(t.spaceId)],
  )

  /** What came of each attempt to deliver a message to a webhook. */
  const webhookAttempts = c.table(
    'webhook_attempts',
    {
      id: c.id(),
      webhookId: c
        .ref()
        .notNull()
        .references(() => webhooks.id, { onDelete: 'cascade' }),
      /** Its row in the outbox, which may be gone; null: a test, which waits nowhere. */
      outboxMessageId: c.ref(),
      /** `Webhook-Id`. */
      messageId: c.text().notNull(),
      event: c.text().notNull(),
      /** Of whom or what the event speaks, such as `account 12`. */
      subject: c.text().notNull(),
      /** 1 for the first. */
      attempt: c.count().notNull(),
      /** null: no answer came. */
      status: c.count(),
      durationMs: c.count().notNull(),
      /** The beginning of it. */
      answer: c.text(),
      error: c.text(),
      createdAt: c.moment().notNull(),
    },
    (t) => [c.index('webhook_attempts_webhook_id_index').on(t.webhookId, t.id)],
  )

  /** Messages that wait to leave, and what became of them (docs/adr/0009-outbox.md). */
  const outboxMessages = c.table(
    'outbox_messages',
    {
      id: c.id(),
      channel: c
        .text()
        .$type<'mail' | 'sms' | 'recovery' | 'bridge' | 'hook' | 'statistics' | 'proxy' | 'webhook'>()
        .notNull(),
      kind: c.text().notNull(),
      spaceId: maybeSpace(),
      accountId: c.ref().references(() => accounts.id, { onDelete: 'set null' }),
      /** The message goes with it. Those of one recipient arrive one after the other. */
      webhookId: c.ref().references(() => webhooks.id, { onDelete: 'cascade' }),
      recipient: c.text().notNull(),
      language: c.text().$type<'en' | 'fr'>().notNull(),
      /** JSON, sealed: it holds codes and links. Dropped when the message has left. */
      data: c.text(),
      /** A second message with the same key is not added. */
      dedupKey: c.text(),
      attempts: c.count().notNull().default(0),
      notBefore: c.moment().notNull(),
      /** Never sent afterwards: the secret inside is worth nothing then. */
      expiresAt: c.moment(),
      /** Some process is sending it, until then at most. */
      leasedUntil: c.moment(),
      lastError: c.text(),
      sentAt: c.moment(),
      deadAt: c.moment(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('outbox_messages_dedup_key_unique').on(t.dedupKey),
      c
        .index('outbox_messages_waiting_index')
        .on(t.webhookId, t.notBefore)
        .where(sql`sent_at is null and dead_at is null`),
      c
        .index('outbox_messages_recipient_index')
        .on(t.webhookId, t.recipient, t.id)
        .where(sql`webhook_id is not null and sent_at is null and dead_at is null`),
      c.index('outbox_messages_webhook_id_index').on(t.webhookId).where(sql`webhook_id is not null`),
      c.index('outbox_messages_account_id_index').on(t.accountId),
      c.index('outbox_messages_space_id_index').on(t.spaceId),
    ],
  )

  /** Which process does the work that one of them must do, and until when. */
  const leases = c.table('leases', {
    name: c.text().primaryKey(),
    holder: c.text().notNull(),
    until: c.moment().notNull(),
  })

  /** When each scheduled job last ran, so that a run missed while nobody was up is made up for once. */
  const jobRuns = c.table('job_runs', {
    name: c.text().primaryKey(),
    startedAt: c.moment().notNull(),
    finishedAt: c.moment(),
    outcome: c.text().$type<'running' | 'repeated' | 'done' | 'failed'>(),
  })

  const timestamps = { createdAt: c.moment(), updatedAt: c.moment() }

  /** A third-party SIP account, read by Flexisip's B2BUA (behaviour/data.md §1.3): no column may be renamed. */
  /**
   * Work that takes longer than a request: done step by step, by one process at a time. `lease` counts who took it, so
   * that whoever lost it writes nothing any more.
   */
  const tasks = c.table(
    'tasks',
    {
      id: c.id(),
      spaceId: c
        .ref()
        .notNull()
        .references(() => spaces.id, { onDelete: 'cascade' }),
      /** Who wanted it; null: the account is gone. */
      accountId: c.ref().references(() => accounts.id, { onDelete: 'set null' }),
      /** The same as a SIP address, and from where they asked: what the records of its work say. */
      startedBy: c.text().notNull(),
      origin: c.json<TaskOrigin>().notNull(),
      kind: c.text().notNull(),
      input: c.json<Readonly<Record<string, unknown>>>().notNull(),
      /** How far it is, in the words of its kind; null: at the beginning. */
      cursor: c.json<Readonly<Record<string, unknown>>>(),
      status: c.text().$type<TaskStatus>().notNull().default('waiting'),
      done: c.count().notNull().default(0),
      /** null: nobody knows yet. */
      total: c.count(),
      /** What could not be done; the first of them are in `task_faults`. */
      faults: c.count().notNull().default(0),
      /** What it came to, or why it failed. */
      outcome: c.json<TaskOutcome>(),
      cancelledAt: c.moment(),
      finishedAt: c.moment(),
      /** Steps that broke off in a row. */
      failures: c.count().notNull().default(0),
      notBefore: c.moment().notNull(),
      leasedUntil: c.moment(),
      lease: c.count().notNull().default(0),
      ...stamps,
    },
    (t) => [
      c.index('tasks_space_id_index').on(t.spaceId, t.id),
      c.index('tasks_account_id_index').on(t.accountId),
      c.index('tasks_open_index').on(t.notBefore).where(sql`finished_at is null`),
    ],
  )

  const taskFaults = c.table(
    'task_faults',
    {
      id: c.id(),
      taskId: c
        .ref()
        .notNull()
        .references(() => tasks.id, { onDelete: 'cascade' }),
      /** What it is about, as people call it. */
      subject: c.text().notNull(),
      message: c.json<Message>().notNull(),
    },
    (t) => [c.index('task_faults_task_id_index').on(t.taskId, t.id)],
  )

  /** A file of accounts that was read, and waits for the word of whoever sent it. */
  const accountImports = c.table(
    'account_imports',
    {
      id: c.id(),
      /** What addresses call it. */
      name: c.text().notNull(),
      spaceId: c
        .ref()
        .notNull()
        .references(() => spaces.id, { onDelete: 'cascade' }),
      /** The administrator who sent it, and nobody else, goes on with it; null: that account is gone. */
      accountId: c.ref().references(() => accounts.id, { onDelete: 'set null' }),
      file: c.text().notNull(),
      /** With which HA1 values were made; null: the Space stores none. */
      realm: c.text(),
      accounts: c.count().notNull().default(0),
      administrators: c.count().notNull().default(0),
      faulty: c.count().notNull().default(0),
      /** Columns that nobody knows, with commas between them; null: none. */
      unknownColumns: c.text(),
      /** All of the file was read. */
      complete: c.flag().notNull().default(false),
      taskId: c.ref().references(() => tasks.id, { onDelete: 'set null' }),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('account_imports_name_unique').on(t.name),
      c.index('account_imports_space_id_index').on(t.spaceId),
      c.index('account_imports_account_id_index').on(t.accountId),
      c.index('account_imports_task_id_index').on(t.taskId),
    ],
  )

  const accountImportRows = c.table(
    'account_import_rows',
    {
      id: c.id(),
      importId: c
        .ref()
        .notNull()
        .references(() => accountImports.id, { onDelete: 'cascade' }),
      line: c.count().notNull(),
      /** What is imported, without passwords; null: something is wrong with it. */
      account: c.json<Readonly<Record<string, unknown>>>(),
      /** What is wrong with it. */
      faults: c.json<{ readonly all: readonly ImportFault[] }>(),
      admin: c.flag().notNull().default(false),
      /** The account that was made of it. */
      madeId: c.ref(),
    },
    (t) => [c.index('account_import_rows_import_id_index').on(t.importId, t.id)],
  )

  const externalAccounts = c.table(
    'external_accounts',
    {
      id: c.id(),
      accountId: ofAccount(),
      username: c.text().notNull(),
      domain: c.text().notNull(),
      /** HA1 in lower-case hex, with `realm` or else `domain`. */
      password: c.text().notNull(),
      algorithm: c.text().$type<'MD5' | 'SHA-256'>().notNull().default('MD5'),
      realm: c.text(),
      registrar: c.text(),
      outboundProxy: c.text(),
      protocol: c.text().$type<'UDP' | 'TCP' | 'TLS'>().notNull().default('UDP'),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('external_accounts_username_domain_unique').on(t.username, t.domain),
      c.uniqueIndex('external_accounts_account_id_unique').on(t.accountId),
    ],
  )

  /**
   * Voice messages that a voicemail server leaves for accounts, and slots that wait for one. A row without an account is
   * what is left of a deleted one: it goes once its bytes are removed, whatever deleted the account.
   */
  const voicemails = c.table(
    'voicemails',
    {
      id: c.id(),
      /** Version 7, the id that clients know. */
      uuid: c.text().notNull(),
      accountId: c.ref().references(() => accounts.id, { onDelete: 'set null' }),
      /** Whose room its bytes take. */
      spaceId: c.ref().references(() => spaces.id, { onDelete: 'set null' }),
      contentType: c.text().$type<'audio/opus' | 'audio/wav'>().notNull(),
      sipFrom: c.text(),
      /** What the file is called in links; this and what follows is null until it was uploaded. */
      name: c.text(),
      size: c.count(),
      durationSeconds: c.count(),
      /** Under which name its bytes are kept (`files/`). */
      storedAs: c.text(),
      uploadedAt: c.moment(),
      /** null: no mail was written about it, because the account had no address. */
      mailedAt: c.moment(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('voicemails_uuid_unique').on(t.uuid),
      c.index('voicemails_account_id').on(t.accountId, t.id),
      c.index('voicemails_space_id').on(t.spaceId, t.size),
      c.uniqueIndex('voicemails_stored_as_unique').on(t.storedAs),
    ],
  )

  const spaceCarddavServers = c.table(
    'space_carddav_servers',
    {
      id: c.id(),
      spaceId: c
        .ref()
        .notNull()
        .references(() => spaces.id, { onDelete: 'cascade' }),
      enabled: c.flag().notNull().default(true),
      uri: c.text().notNull(),
      minCharacters: c.count().notNull().default(3),
      resultsLimit: c.count().notNull().default(0),
      /** Seconds. */
      timeout: c.count().notNull().default(5),
      /** Milliseconds. */
      delay: c.count().notNull().default(500),
      fieldsForUserInput: c.text(),
      fieldsForDomain: c.text(),
      useExactMatchPolicy: c.flag().notNull().default(false),
      ...stamps,
    },
    (t) => [c.index('space_carddav_servers_space_id_index').on(t.spaceId)],
  )

  const accountCarddavCredentials = c.table(
    'account_carddav_credentials',
    {
      accountId: ofAccount(),
      spaceCarddavServerId: c
        .ref()
        .notNull()
        .references(() => spaceCarddavServers.id, { onDelete: 'cascade' }),
      username: c.text().notNull(),
      /** HA1 in lower-case hex. */
      password: c.text().notNull(),
      realm: c.text().notNull(),
      algorithm: c.text().$type<'MD5' | 'SHA-256'>().notNull().default('MD5'),
      ...stamps,
    },
    (t) => [
      c.primaryKey({ columns: [t.accountId, t.spaceCarddavServerId] }),
      c.index('account_carddav_credentials_server_id_index').on(t.spaceCarddavServerId),
    ],
  )

  /** `contact_id` is in the address book of `account_id`. */
  const contacts = c.table(
    'contacts',
    {
      accountId: ofAccount(),
      contactId: c
        .ref()
        .notNull()
        .references(() => accounts.id, { onDelete: 'cascade' }),
      ...timestamps,
    },
    (t) => [
      c.primaryKey({ columns: [t.accountId, t.contactId] }),
      c.index('contacts_contact_id_index').on(t.contactId),
    ],
  )

  const contactsLists = c.table(
    'contacts_lists',
    {
      id: c.id(),
      spaceId: c
        .ref()
        .notNull()
        .references(() => spaces.id, { onDelete: 'cascade' }),
      title: c.text().notNull(),
      description: c.text(),
      ...stamps,
    },
    (t) => [c.uniqueIndex('contacts_lists_space_id_title_unique').on(t.spaceId, t.title)],
  )

  const ofList = () =>
    c
      .ref()
      .notNull()
      .references(() => contactsLists.id, { onDelete: 'cascade' })

  const contactsListContact = c.table(
    'contacts_list_contact',
    {
      contactsListId: ofList(),
      contactId: c
        .ref()
        .notNull()
        .references(() => accounts.id, { onDelete: 'cascade' }),
      ...timestamps,
    },
    (t) => [
      c.primaryKey({ columns: [t.contactsListId, t.contactId] }),
      c.index('contacts_list_contact_contact_id_index').on(t.contactId),
    ],
  )

  const accountContactsList = c.table(
    'account_contacts_list',
    { accountId: ofAccount(), contactsListId: ofList(), ...timestamps },
    (t) => [
      c.primaryKey({ columns: [t.accountId, t.contactsListId] }),
      c.index('account_contacts_list_list_id_index').on(t.contactsListId),
    ],
  )

  /** Labels of accounts. Without a Space: the platform's, readable by all, written by super administrators. */
  const accountTypes = c.table(
    'account_types',
    { id: c.id(), spaceId: maybeSpace(), key: c.text().notNull(), ...stamps },
    (t) => [
      c.uniqueIndex('account_types_space_id_key_unique').on(t.spaceId, t.key),
      c.uniqueIndex('account_types_platform_key_unique').on(t.key).where(sql`space_id is null`),
    ],
  )

  const accountAccountType = c.table(
    'account_account_type',
    {
      accountId: ofAccount(),
      accountTypeId: c
        .ref()
        .notNull()
        .references(() => accountTypes.id, { onDelete: 'cascade' }),
      ...timestamps,
    },
    (t) => [
      c.primaryKey({ columns: [t.accountId, t.accountTypeId] }),
      c.index('account_account_type_type_id_index').on(t.accountTypeId),
    ],
  )

  const accountActions = c.table(
    'account_actions',
    { id: c.id(), accountId: ofAccount(), key: c.text().notNull(), code: c.text().notNull(), ...stamps },
    (t) => [c.index('account_actions_account_id_index').on(t.accountId)],
  )

  /** Where calls of an account go instead (behaviour/telephony.md §7): one rule of a type. */
  const callForwardings = c.table(
    'call_forwardings',
    {
      id: c.id(),
      accountId: ofAccount(),
      type: c.text().$type<'always' | 'no_answer' | 'busy'>().notNull(),
      forwardTo: c.text().$type<'sip_uri' | 'contact' | 'voicemail'>().notNull(),
      sipUri: c.text(),
      enabled: c.flag().notNull().default(false),
      /** Kept, too, where calls do not go to it now. */
      contactId: c.ref().references(() => accounts.id, { onDelete: 'cascade' }),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('call_forwardings_account_id_type_unique').on(t.accountId, t.type),
      c.index('call_forwardings_contact_id_index').on(t.contactId),
    ],
  )

  const vcardsStorage = c.table(
    'vcards_storage',
    { id: c.id(), accountId: ofAccount(), uuid: c.text().notNull(), vcard: c.text().notNull(), ...stamps },
    (t) => [c.uniqueIndex('vcards_storage_account_id_uuid_unique').on(t.accountId, t.uuid)],
  )

  /** Links that open the app, set it up and have it do something, once. */
  const wizards = c.table(
    'wizards',
    {
      /** SHA-256 of the token in lower-case hex. */
      token: c.text().primaryKey(),
      spaceId: maybeSpace(),
      /** Who made it. */
      accountId: ofAccount(),
      provisioningAccountId: maybeAccount(),
      sip: c.text(),
      linphoneAction: c.text().$type<'call' | 'show' | 'bye' | 'accept' | 'decline'>(),
      linphoneUseSips: c.flag(),
      usedAt: c.moment(),
      expiresAt: c.moment(),
      ...stamps,
    },
    (t) => [
      c.index('wizards_account_id_index').on(t.accountId),
      c.index('wizards_provisioning_account_id_index').on(t.provisioningAccountId),
      c.index('wizards_space_id_index').on(t.spaceId),
      c.index('wizards_created_at_index').on(t.createdAt),
    ],
  )

  const accountDictionaryEntries = c.table(
    'account_dictionary_entries',
    { id: c.id(), accountId: ofAccount(), key: c.text().notNull(), value: c.text().notNull(), ...stamps },
    (t) => [c.uniqueIndex('account_dictionary_entries_account_id_key_unique').on(t.accountId, t.key)],
  )

  const phoneCountries = c.table(
    'phone_countries',
    {
      code: c.text().primaryKey(),
      countryCode: c.text().notNull(),
      activated: c.flag().notNull().default(false),
      ...stamps,
    },
    (t) => [c.index('phone_countries_country_code_index').on(t.countryCode)],
  )

  /** The highest spent nonce count of each digest nonce; used on PostgreSQL only (docs/adr/0002). */
  const nonces = c.table(
    'nonces',
    { nonce: c.text().primaryKey(), nc: c.count().notNull(), expiresAt: c.moment().notNull() },
    (t) => [c.index('nonces_expires_at_index').on(t.expiresAt)],
  )

  /** Answers to proofs of work, each of which is good for one form. */
  const captchaAnswers = c.table(
    'captcha_answers',
    {
      /** The challenge that was answered. */
      answer: c.text().primaryKey(),
      expiresAt: c.moment().notNull(),
    },
    (t) => [c.index('captcha_answers_expires_at_index').on(t.expiresAt)],
  )

  // ---- What Flexisip reports of calls and messages (behaviour/statistics.md). Parties are text: they need not be
  // accounts of ours, and rows keep the address that a party had. ----

  const statisticsMessages = c.table(
    'statistics_messages',
    {
      id: c.text().primaryKey(),
      fromUsername: c.text().notNull(),
      fromDomain: c.text().notNull(),
      sentAt: c.moment().notNull(),
      encrypted: c.flag().notNull().default(false),
      conferenceId: c.text(),
      ...stamps,
    },
    (t) => [
      c.index('statistics_messages_sender_index').on(t.fromDomain, t.fromUsername, t.sentAt),
      c.index('statistics_messages_sent_at_index').on(t.sentAt),
      c.index('statistics_messages_created_at_index').on(t.createdAt),
    ],
  )

  const statisticsMessageDevices = c.table(
    'statistics_message_devices',
    {
      id: c.id(),
      messageId: c
        .text()
        .notNull()
        .references(() => statisticsMessages.id, { onDelete: 'cascade' }),
      toUsername: c.text().notNull(),
      toDomain: c.text().notNull(),
      deviceId: c.text().notNull(),
      lastStatus: c.count().notNull(),
      receivedAt: c.moment().notNull(),
      /** As the message has it: charts of a recipient then read one index. */
      sentAt: c.moment().notNull(),
      /** The first device of its recipient that was heard of: one row for each recipient of a message has it. */
      isFirst: c.flag().notNull(),
      ...stamps,
    },
    (t) => [
      c.uniqueIndex('statistics_message_devices_device_unique').on(t.messageId, t.toDomain, t.toUsername, t.deviceId),
      c.index('statistics_message_devices_recipient_index').on(t.toDomain, t.toUsername, t.isFirst, t.sentAt),
    ],
  )

  const statisticsCalls = c.table(
    'statistics_calls',
    {
      id: c.text().primaryKey(),
      fromUsername: c.text().notNull(),
      fromDomain: c.text().notNull(),
      toUsername: c.text().notNull(),
      toDomain: c.text().notNull(),
      initiatedAt: c.moment().notNull(),
      endedAt: c.moment(),
      conferenceId: c.text(),
      /** Whoever called has called itself, or its own domain: such a call is in both directions and counts once. */
      toSelf: c.flag().notNull(),
      toOwnDomain: c.flag().notNull(),
      ...stamps,
    },
    (t) => [
      c.index('statistics_calls_caller_index').on(t.fromDomain, t.fromUsername, t.initiatedAt),
      c.index('statistics_calls_callee_index').on(t.toDomain, t.toUsername, t.toSelf, t.initiatedAt),
      c.index('statistics_calls_from_domain_index').on(t.fromDomain, t.initiatedAt),
      c.index('statistics_calls_to_domain_index').on(t.toDomain, t.toOwnDomain, t.initiatedAt),
      c.index('statistics_calls_initiated_at_index').on(t.initiatedAt),
      c.index('statistics_calls_created_at_index').on(t.createdAt),
    ],
  )

  const statisticsCallDevices = c.table(
    'statistics_call_devices',
    {
      id: c.id(),
      callId: c
        .text()
        .notNull()
        .references(() => statisticsCalls.id, { onDelete: 'cascade' }),
      deviceId: c.text().notNull(),
      rangAt: c.moment(),
      inviteTerminatedAt: c.moment(),
      inviteTerminatedState: c
        .text()
        .$type<'accepted' | 'accepted_elsewhere' | 'declined' | 'declined_elsewhere' | 'canceled' | 'error'>(),
      ...stamps,
    },
    (t) => [c.uniqueIndex('statistics_call_devices_device_unique').on(t.callId, t.deviceId)],
  )

  const statisticsConferences = c.table(
    'statistics_conferences',
    {
      id: c.text().primaryKey(),
      /** As Flexisip says. */
      createdAt: c.moment().notNull(),
      endedAt: c.moment(),
      /** Whatever JSON was sent, as text inside of an object: PostgreSQL is handed no JSON that is none. */
      schedule: c.json<{ readonly text: string }>(),
      /** When we heard of it. */
      reportedAt: c.moment().notNull(),
      updatedAt: c.moment().notNull(),
    },
    (t) => [c.index('statistics_conferences_reported_at_index').on(t.reportedAt)],
  )

  /**
   * How many calls and messages an hour had, for each domain that was part of them and, with an empty domain, of all;
   * written with the rows that they count, so that charts never walk over those. `part`: what everybody increments is
   * spread over several rows (`Db.spread`), whose sum counts.
   */
  const statisticsHours = c.table(
    'statistics_hours',
    {
      kind: c.text().$type<'calls' | 'messages'>().notNull(),
      domain: c.text().notNull(),
      hour: c.moment().notNull(),
      part: c.count().notNull(),
      /** From the domain; of the empty one: all. */
      sent: c.count().notNull(),
      /** To the domain. */
      received: c.count().notNull(),
      /** Both at once. */
      inside: c.count().notNull(),
    },
    (t) => [
      c.primaryKey({ columns: [t.kind, t.domain, t.hour, t.part] }),
      c.index('statistics_hours_hour_index').on(t.hour),
    ],
  )

  /**
   * Who changed what, written in the transaction of the change (docs/adr/0016). Rows are never changed, but that a
   * person's part of one is erased: then a commitment to it (`actor_digest`, `subject_digest`) is left of it. Ids come as
   * transactions begin to write, positions as they have committed.
   */
  const auditLog = c.table(
    'audit_log',
    {
      id: c.longId(),
      at: c.moment().notNull(),
      action: c.text().notNull(),
      way: c.text().$type<'api' | 'panel' | 'cli' | 'job' | 'hook' | 'import'>().notNull(),
      actorKind: c.text().$type<'account' | 'nobody' | 'command line' | 'job' | 'hook' | 'import'>().notNull(),
      /** Of an account, also when it is gone: what is left of a person in its rows. */
      actorId: c.ref(),
      actorName: c.text(),
      /** The name of the API key that was used. */
      actorKey: c.text(),
      /** Of the client. */
      address: c.text(),
      /** null: erased. */
      actorSalt: c.text(),
      actorDigest: c.text(),
      spaceId: c.ref(),
      domain: c.text(),
      subjectKind: c.text().notNull(),
      subjectId: c.text(),
      subjectName: c.text(),
      subjectSalt: c.text(),
      subjectDigest: c.text(),
      /** JSON, as text, so that it stays as it was hashed: `{"admin":[false,true],"email":null}`. */
      changes: c.text(),
      /** JSON, as text: what else belongs to it and tells nothing about a person. */
      detail: c.text(),
      requestId: c.text(),
      /** In the chain, without gaps; null: it has none yet. */
      position: c.bytes(),
      /** Of the row at the position before. */
      previousHash: c.text(),
      /** Of the row at its position; of its content alone while it has none. */
      hash: c.text().notNull(),
    },
    (t) => [
      c.uniqueIndex('audit_log_position_unique').on(t.position),
      c.index('audit_log_unchained_index').on(t.id).where(sql`position is null`),
      c.index('audit_log_at_index').on(t.at),
      c.index('audit_log_space_id_at_index').on(t.spaceId, t.at),
      c.index('audit_log_subject_id_index').on(t.subjectId),
      c.index('audit_log_deleted_index').on(t.id).where(sql`action = 'account.deleted' and subject_salt is not null`),
    ],
  )

  /** One row: where the chain of `audit_log` ends, signed, so that its end cannot be cut off unseen. */
  const auditHeads = c.table('audit_heads', {
    id: c.ref().primaryKey(),
    position: c.bytes().notNull(),
    hash: c.text().notNull(),
    signature: c.text().notNull(),
    signedAt: c.moment().notNull(),
  })

  /** What is left of stretches of `audit_log` that were removed by age: the hashes at both ends, signed. */
  const auditStumps = c.table(
    'audit_stumps',
    {
      id: c.id(),
      firstPosition: c.bytes().notNull(),
      lastPosition: c.bytes().notNull(),
      previousHash: c.text().notNull(),
      hash: c.text().notNull(),
      signature: c.text().notNull(),
      cutAt: c.moment().notNull(),
    },
    (t) => [c.uniqueIndex('audit_stumps_first_position_unique').on(t.firstPosition)],
  )

  return {
    spaces,
    spaceDigestAuthenticationConfigurations,
    accounts,
    accountBlocks,
    passwords,
    accountsTombstones,
    apiKeys,
    provisioningTokens,
    accountSetups,
    accountCreationTokens,
    accountCreationRequestTokens,
    accountRecoveryTokens,
    authTokens,
    accountConfirmationKeys,
    accountDictionaryEntries,
    phoneCountries,
    nonces,
    captchaAnswers,
    spaceEmailServers,
    phoneChangeCodes,
    emailChangeCodes,
    recoveryCodes,
    resetPasswordEmailTokens,
    sessions,
    webhooks,
    webhookAttempts,
    outboxMessages,
    leases,
    jobRuns,
    tasks,
    taskFaults,
    accountImports,
    accountImportRows,
    externalAccounts,
    voicemails,
    spaceCarddavServers,
    accountCarddavCredentials,
    contacts,
    contactsLists,
    contactsListContact,
    accountContactsList,
    accountTypes,
    accountAccountType,
    accountActions,
    callForwardings,
    vcardsStorage,
    wizards,
    statisticsMessages,
    statisticsMessageDevices,
    statisticsCalls,
    statisticsCallDevices,
    statisticsConferences,
    statisticsHours,
    auditLog,
    auditHeads,
    auditStumps,
  }
}

export type Tables = ReturnType<typeof defineTables>
