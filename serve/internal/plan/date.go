package plan

// maxTime is 9999-12-31 23:59:59, the last second that an HTTP-date can express.
const maxTime = 253402300799

const (
	dayNames   = "ThuFriSatSunMonTueWed" // 1970-01-01 was a Thursday
	monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

// AppendTime appends the HTTP-date (RFC 9110 §5.6.7) of sec, in seconds since 1970, from 0 to
// 9999-12-31. It takes a fifth of the time of time.Time.AppendFormat, and every response has one or
// two dates.
func AppendTime(dst []byte, sec int64) []byte {
	days := sec / 86400
	rest := int(sec % 86400)
	// Days to a civil date, in years that begin in March: Hinnant, "chrono-Compatible Low-Level
	// Date Algorithms".
	z := days + 719468
	era := z / 146097
	doe := int(z % 146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day := doy - (153*mp+2)/5 + 1
	month := mp + 3
	year := yoe + int(era)*400
	if month > 12 {
		month -= 12
		year++
	}
	wd, mo := int(days%7)*3, (month-1)*3
	dst = append(dst, dayNames[wd:wd+3]...)
	dst = append(dst, ',', ' ')
	dst = two(dst, day)
	dst = append(dst, ' ')
	dst = append(dst, monthNames[mo:mo+3]...)
	dst = append(dst, ' ')
	dst = two(two(dst, year/100), year%100)
	dst = append(dst, ' ')
	dst = append(two(dst, rest/3600), ':')
	dst = append(two(dst, rest/60%60), ':')
	dst = two(dst, rest%60)
	return append(dst, " GMT"...)
}

// two appends n as two digits.
func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }
