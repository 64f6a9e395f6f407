// localTimes shows the times of some elements in the time zone of the reader. They are sent in UTC.
function localTimes(css) {
  const two = (n) => String(n).padStart(2, "0");
  for (const time of document.querySelectorAll(css)) {
    const d = new Date(time.dateTime);
    time.title = `${time.textContent} UTC`;
    time.textContent = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
      `${two(d.getHours())}:${two(d.getMinutes())}`;
  }
}
