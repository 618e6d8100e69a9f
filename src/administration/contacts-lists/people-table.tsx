import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { Table } from '../../panel/components/table.tsx'
import { useKit } from '../../panel/kit.tsx'
import { pathOf } from '../account/head.tsx'
import { nameOf, StandingChip } from '../account/words.tsx'

/** Accounts of the Space that can be picked, for a form. */
export const PeopleTable = ({ caption, rows }: { caption: string; rows: readonly AccountView[] }): VNode => {
  const { t, href } = useKit()
  return (
    <Table
      caption={caption}
      rows={rows}
      pick={{
        name: 'account[]',
        value: ({ id }) => String(id),
        label: (account) => t('accounts.pick', { name: nameOf(account) }),
      }}
      columns={[
        {
          label: t('accounts.name'),
          place: 'main',
          cell: (account) => <a href={href(pathOf(account))}>{nameOf(account)}</a>,
        },
        { label: t('accounts.username'), place: 'sub', cell: ({ username }) => <span class="id">{username}</span> },
        { label: t('accounts.state'), place: 'end', cell: (account) => <StandingChip of={account} /> },
        { label: t('accounts.email'), place: 'wide', cell: ({ email }) => email },
      ]}
    />
  )
}
