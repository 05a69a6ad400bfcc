// What a report's page is made of, as it was when the program was built. Private to this room.
#pragma once

#include <string_view>

namespace seedbed::report {

std::string_view ChartLibrary();  // Chart.js (MIT), from Debian's libjs-chart.js
std::string_view PageScript();    // page.js
std::string_view PageStyle();     // page.css

}  // namespace seedbed::report
