import { Dialog } from "../components/Dialog";

const keys: [string, string][] = [
  ["j", "next"],
  ["k", "previous"],
  ["a", "approve what is shown"],
  ["e", "edit the arguments"],
  ["r", "reject"],
  ["q", "ask the caller"],
  ["d", "delegate"],
  ["t", "take over"],
  ["c", "claim, or release"],
  ["x", "extend the deadline"],
];

export function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
