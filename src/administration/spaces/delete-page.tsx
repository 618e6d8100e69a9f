import type { MessageId } from '../../messages/messages.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { CurrentPasswordField, TextField } from '../../panel/components/fields.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Belongings } from '../../spaces/spaces/deletion-store.ts'
import { type Administering, aboveOf, deletePathOf, spacePath } from '../space/head.tsx'

export interface LeavingSpace extends Administering {
  readonly belongings: Belongings
  readonly asksForCurrent: boolean
}

const COUNTED = {
  voicemails: 'space_delete.voicemails',
  contacts: 'space_delete.contacts',
  contactsLists: 'space_delete.lists',
  keys: 'space_delete.keys',
  webhooks: 'space_delete.webhooks',
  addressBooks: 'space_delete.address_books',
} as const satisfies Partial<Record<keyof Belongings, MessageId>>

/** Before a Space goes (behaviour/panel.md §7.16). */
export const deleteSpacePage = ({ t }: Kit, facts: LeavingSpace): FormPage => {
  const { space, at, belongings, asksForCurrent } = facts
  const counted = Object.entries(COUNTED).flatMap(([name, message]) => {
    const count = belongings[name as keyof typeof COUNTED]
    return count === null || count === 0 ? [] : [t(message, { count })]
  })
  return confirmPage({
    title: t('space_delete.title', { name: space.name }),
    lede: `${space.domain} · ${space.host}`,
    above: aboveOf(t, facts),
    goes: [t('space_delete.accounts', { count: belongings.accounts }), ...counted, t('space_delete.look')],
    stays: [t('space_delete.audit')],
    note: t('space_delete.week'),
    to: deletePathOf(at),
    button: t('space_delete.button'),
    cancel: [t('space_delete.keep'), spacePath(at)],
    address: deletePathOf(at),
    children: (
      <>
        <TextField name="domain" label={t('space_delete.type', { domain: space.domain })} autocapitalize="none" />
        {asksForCurrent ? <CurrentPasswordField hint={t('space_delete.prove')} /> : null}
      </>
    ),
  })
}
