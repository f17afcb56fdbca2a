import { useEffect, useState, type DragEvent } from 'react';

/** An order that is changed by dragging or by steps; `onOrder` gets the whole of it. */
export function useSorting<T extends { id: number }>(given: T[], onOrder: (ids: number[]) => void) {
  const [order, setOrder] = useState<number[] | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const key = given.map((each) => each.id).join();
  useEffect(() => setOrder(null), [key]);
  const ids = order ?? given.map((each) => each.id);
  const items = ids.flatMap((id) => given.find((each) => each.id === id) ?? []);

  const place = (id: number, at: number) => {
    const rest = ids.filter((each) => each !== id);
    rest.splice(at, 0, id);
    return rest;
  };
  return {
    items,
    move(id: number, step: number) {
      const next = place(id, Math.max(0, ids.indexOf(id) + step));
      setOrder(next);
      onOrder(next);
    },
    handle: (id: number) => ({
      draggable: true,
      onDragStart(event: DragEvent) {
        event.dataTransfer.effectAllowed = 'move';
        setDragged(id);
      },
      onDragOver(event: DragEvent) {
        if (dragged === null) return;
        event.preventDefault();
        if (dragged !== id) setOrder(place(dragged, ids.indexOf(id)));
      },
      onDrop(event: DragEvent) {
        event.preventDefault();
        setDragged(null);
        onOrder(ids);
      },
      onDragEnd() {
        setDragged(null);
        setOrder((now) => (dragged === null ? now : null));
      },
    }),
  };
}
