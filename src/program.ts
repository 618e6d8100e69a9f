/**
 * Runs a program of the operator; resolves to its exit status. No shell reads the words, so nothing in them needs
 * quoting. What it writes may hold a secret: nobody reads it. When `signal` aborts, it is killed with its children and
 * the reason of the signal is thrown; whatever else is thrown means that it could not be started.
 */
export const runProgram = async (
  words: readonly string[],
  { signal, input = '' }: { readonly signal: AbortSignal; readonly input?: string },
): Promise<number> => {
  // In a process group of its own, so that all of it can be ended.
  const child = Bun.spawn([...words], {
    stdin: Buffer.from(input),
    stdout: 'ignore',
    stderr: 'ignore',
    detached: true,
  })
  const kill = () => killWithChildren(child.pid)
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()
  try {
    const status = await child.exited
    signal.throwIfAborted()
    if (status !== 0) kill()
    return status
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

function killWithChildren(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}
