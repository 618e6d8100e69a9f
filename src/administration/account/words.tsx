import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { Chip } from '../../panel/components/state.tsx'
import { useKit } from '../../panel/kit.tsx'

/** What people call an account. */
export const nameOf = ({ displayName, username }: Pick<AccountView, 'displayName' | 'username'>): string =>
  displayName ?? username

/** People are called by a number, unless they are called by a name. */
export const isNumber = ({ username }: Pick<AccountView, 'username'>): boolean => /^\d+$/.test(username)

type Standing = Pick<AccountView, 'activated' | 'switchedOff' | 'blocked'>

/** Whether an account can be used, in a word. */
export const StandingChip = ({ of: { activated, switchedOff, blocked } }: { of: Standing }): VNode => {
  const { t } = useKit()
  if (blocked) {
    return (
      <Chip tone="bad" icon="blocked">
        {t('account_page.blocked')}
      </Chip>
    )
  }
  if (activated) {
    return (
      <Chip tone="good" icon="pass">
        {t('account_page.active')}
      </Chip>
    )
  }
  return switchedOff ? (
    <Chip tone="bad" icon="ban">
      {t('account_page.switched_off')}
    </Chip>
  ) : (
    <Chip tone="warn" icon="pending">
      {t('account_page.waiting')}
    </Chip>
  )
}

/** What it may do besides having a phone; nothing is said of most accounts. */
export const RoleChip = ({ admin, isSuper }: { admin: boolean; isSuper: boolean }): VNode | null => {
  const { t } = useKit()
  return admin ? <Chip icon="shield">{t(isSuper ? 'panel.super' : 'panel.admin')}</Chip> : null
}
