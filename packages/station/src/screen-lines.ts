import { expectedScreens, type ScreenTask } from '@qoima/signer-ledger';

/** What a Ledger will show for a task, in order, for a person to compare with: printed before it is asked. */
export const screenLines = (task: ScreenTask, model: string | undefined): readonly string[] => {
  const { screens, notes } = expectedScreens(task, model);
  return [
    '',
    'The Ledger will show, in this order:',
    ...screens.map(
      ({ title, text }, i) =>
        `${(i + 1).toString().padStart(4)}  ${title}${text === undefined ? '' : `: ${text}`}`,
    ),
    ...notes,
  ];
};
