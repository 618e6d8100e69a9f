import type { Fault, Preview } from '../../accounts/account-files/account-files.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Checkbox } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { Note } from '../../panel/components/note.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import { IMPORT } from './import-page.tsx'

const HANDLE = `${IMPORT}/handle`

export interface Previewed extends Preview {
  readonly domain: string
  readonly canMail: boolean
}

type Rows = Preview['accounts']

const Accounts = ({ caption, rows }: { caption: string; rows: Rows }) => {
  const { t } = useKit()
  return (
    <Table
      caption={caption}
      rows={rows}
      columns={[
        { label: t('import.column_username_head'), place: 'main', cell: ({ account }) => account.username },
        { label: t('import.column_display_name_head'), place: 'sub', cell: ({ account }) => account.displayName ?? '' },
        { label: t('import.column_email_head'), place: 'wide', cell: ({ account }) => account.email ?? '' },
        { label: t('import.column_phone_head'), place: 'wide', cell: ({ account }) => account.phone ?? '' },
        {
          label: t('import.column_status_head'),
          place: 'end',
          cell: ({ account }) => (account.activated ? t('import.active') : t('import.inactive')),
        },
        { label: t('import.line'), place: 'num wide', cell: ({ line }) => line },
      ]}
    />
  )
}

const Faults = ({ faults }: { faults: readonly Fault[] }) => {
  const { t } = useKit()
  return (
    <Table
      caption={t('import.faults')}
      rows={faults}
      columns={[
        { label: t('import.line'), place: 'end', cell: ({ line }) => line },
        { label: t('import.column'), place: 'main', cell: ({ column }) => column || t('import.whole_line') },
        { label: t('import.value'), place: 'wide', cell: ({ shown }) => (shown === null ? '•••' : shown) },
        { label: t('tasks.reason'), place: 'sub', cell: ({ reason }) => reason },
      ]}
    />
  )
}

const Remarks = ({ found, room }: Previewed) => {
  const { t, language } = useKit()
  const isFull = room !== null && room < found.accounts
  return (
    <>
      {isFull ? (
        <Note tone="bad" role="alert">
          {t('import.no_room', { room: room.toLocaleString(language) })}
        </Note>
      ) : null}
      {found.unknownColumns === null ? null : (
        <Note tone="warn">{t('import.unknown_columns', { columns: found.unknownColumns })}</Note>
      )}
    </>
  )
}

/** What a file says, before anything of it is imported. */
export const previewPage = (kit: Kit, shown: Previewed): FormPage => {
  const { t, language } = kit
  const { found, accounts, administrators, faults, domain, canMail } = shown
  const number = (value: number) => value.toLocaleString(language)
  const path = `${IMPORT}/${found.name}`
  const good = found.accounts > 0
  return {
    title: t('import.check', { count: found.accounts, number: number(found.accounts) }),
    lede: t('import.check_why', { file: found.file, domain }),
    above: [
      [t('accounts.title'), '/admin/accounts'],
      [t('import.title'), IMPORT],
    ],
    about: (
      <>
        <Chip tone="good" icon="pass">
          {t('import.good', { count: found.accounts, number: number(found.accounts) })}
        </Chip>
        {found.faulty === 0 ? null : (
          <Chip tone="bad" icon="fail">
            {t('import.bad', { count: found.faulty, number: number(found.faulty) })}
          </Chip>
        )}
      </>
    ),
    to: HANDLE,
    button: t('import.go', { count: found.accounts, number: number(found.accounts) }),
    icon: 'users',
    cancel: [t('import.another'), IMPORT],
    address: path,
    children: (
      <>
        <Remarks {...shown} />
        <Hidden name="import" value={found.name} />
        {found.faulty === 0 ? null : (
          <Checkbox
            name="skip_faulty"
            label={t('import.skip', { count: found.faulty, number: number(found.faulty) })}
            disabled={!good}
          />
        )}
        {canMail ? <Checkbox name="send_mails" label={t('import.mails')} hint={t('import.mails_hint')} /> : null}
      </>
    ),
    below: (
      <div class="stack">
        {faults.length === 0 ? null : (
          <Card
            title={t('import.faults')}
            aside={
              <ButtonLink to={`${path}/faults`} icon="download" size="small" download>
                {t('import.all_faults')}
              </ButtonLink>
            }
            flush
          >
            <Faults faults={faults} />
          </Card>
        )}
        {administrators.length === 0 ? null : (
          <Card
            title={t('import.administrators')}
            aside={<span class="muted">{number(found.administrators)}</span>}
            flush
          >
            <Accounts caption={t('import.administrators')} rows={administrators} />
          </Card>
        )}
        {good ? (
          <Card title={t('import.first')} flush>
            <Accounts caption={t('import.first')} rows={accounts} />
          </Card>
        ) : null}
      </div>
    ),
  }
}
