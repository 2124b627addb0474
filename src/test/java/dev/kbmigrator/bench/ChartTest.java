package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class ChartTest {

    @Test
    void aBarIsADecadeLongerForTenTimesTheTime() throws Exception {
        Figures figures = new Figures();
        double kbsPerSecond = 10;
        for (String id : List.of("flyway", "shedlock-loop", "jobrunr", "db-scheduler", "b-1000000", "floor4")) {
            figures.add(Cases.named(id), Map.of("kbs_per_second", kbsPerSecond));
            kbsPerSecond *= 10;
        }
        List<Double> bars = bars(Chart.of(figures));
        assertThat(bars).hasSize(6);
        for (int i = 1; i < 5; i++) {
            assertThat(bars.get(i - 1) - bars.get(i)).isCloseTo(Chart.DECADE, within(0.2));
        }
    }

    /** The lengths of the bars, from the top. */
    private static List<Double> bars(String svg) throws Exception {
        NodeList rectangles = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)))
                .getElementsByTagName("rect");
        List<Double> widths = new ArrayList<>();
        for (int i = 0; i < rectangles.getLength(); i++) {
            if (rectangles.item(i) instanceof Element bar && bar.hasAttribute("x")) {
                widths.add(Double.valueOf(bar.getAttribute("width")));
            }
        }
        return widths;
    }
}
